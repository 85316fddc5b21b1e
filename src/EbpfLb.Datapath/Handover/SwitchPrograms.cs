using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// Programs that stand before those of hooks and go on to the programs of the release before or to ours (an object of bpf/switch). Each
/// sw_NAME stands for lb_NAME and goes on to what to_NAME holds.
/// </summary>
internal sealed class SwitchPrograms : IDisposable
{
    private const string Ours = "lb_", Theirs = "sw_", Target = "to_";

    /// <summary>What the mode is until <see cref="Flip"/>, and from then on.</summary>
    public const uint Before = 0, After = 1;

    private readonly Dictionary<string, BpfProgram> programs = [];
    private readonly Dictionary<string, BpfMap> targets = [];
    private readonly BpfMap<uint, uint> mode;

    private SwitchPrograms(BpfObject bpf)
    {
        mode = bpf.OpenMap<uint, uint>("lb_switch");
        foreach (var name in bpf.Programs.Keys)
        {
            programs.Add(Ours + name[Theirs.Length..], bpf.OpenProgram(name));
            if (bpf.Maps.ContainsKey(Target + name[Theirs.Length..]))
                targets.Add(Ours + name[Theirs.Length..], bpf.OpenMap(Target + name[Theirs.Length..]));
        }
    }

    /// <summary>Opens and loads the object; nothing is in force by that.</summary>
    /// <param name="configure">Puts the maps of before in their places, and says how they are laid out.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public static SwitchPrograms Load(string resource, MapSet maps, Action<BpfObject> configure)
    {
        using var bpf = SwitchObject.Load(resource, maps, configure);
        return new SwitchPrograms(bpf);
    }

    /// <summary>Says where the programs go on to. From now on they may be attached.</summary>
    /// <param name="before">Ids of the programs of before of all hooks in use; null: there is none, and packets or calls pass.</param>
    /// <param name="after">Ours.</param>
    public void Lead(IReadOnlyDictionary<string, uint?> before, Func<string, BpfProgram> after, LeftLayers left, InstancePaths paths)
    {
        foreach (var (name, id) in before)
        {
            if (!targets.TryGetValue(name, out var target)) continue;
            // The kernel empties it when nobody has it open and it has no name.
            Pin.Replace(target.Fd, Path.Combine(paths.Switch, $"{target.Name}-{target.Info.Id.ToString(CultureInfo.InvariantCulture)}"));
            using var writable = new BpfMap<uint, uint>(target.Duplicate());
            writable.Update(After, (uint)after(name).Fd.Value);
            if (id is null) continue;
            using var program = BpfProgram.OpenId(left.Below(id.Value));
            writable.Update(Before, (uint)program.Fd.Value);
        }
    }

    /// <summary>What stands for a program; null: nothing does.</summary>
    public BpfProgram? For(string name) => programs.GetValueOrDefault(name);

    /// <summary>Pins the map that says where the programs go on to: one element, 0 until <see cref="Flip"/>.</summary>
    public void PinMode(string path) => Pin.Replace(mode.Untyped.Fd, path);

    /// <summary>From now on all go on to ours, at once.</summary>
    public void Flip() => mode.Update(0, After);

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        foreach (var target in targets.Values) target.Dispose();
        mode.Dispose();
    }
}
