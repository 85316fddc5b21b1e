using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Loader;

/// <summary>The maps, and the programs as the kernel took them over these maps.</summary>
/// <param name="names">All programs of the object.</param>
/// <param name="load">Has the kernel take some of them, for a bond of that index, or 0; from any thread.</param>
internal sealed class LoadedProgram(MapSet maps, IReadOnlyList<string> names,
    Func<IReadOnlyList<string>, int, IReadOnlyDictionary<string, BpfProgram>> load, InstancePaths paths)
    : IDisposable
{
    /// <summary>
    /// Programs for devices without a link header: few nodes have one, and the verifier needs as long for them as for all others of
    /// packets.
    /// </summary>
    private const string LateSuffix = "_l3";

    /// <summary>Which the agent can do without, and which needs kernel 5.18.</summary>
    public const string Xdp = "lb_xdp";

    private readonly Dictionary<string, BpfProgram> programs = [];
    private readonly Lock sync = new();

    public MapSet Maps => maps;

    /// <summary>What has to be loaded at a start, in parts that may run beside each other; the dearest first.</summary>
    /// <exception cref="BpfException">By each of them: the kernel refused a program.</exception>
    public IReadOnlyList<Action> Parts =>
    [
        .. from name in names
           where !name.EndsWith(LateSuffix, StringComparison.Ordinal) && name != Xdp
           group name by name.EndsWith('6') ? 0 : SocketHook.All.All(h => h.Program != name) ? 1 : 2 into part
           orderby part.Key
           select (Action)(() => Load([.. part])),
    ];

    /// <summary>
    /// A program by the name of its C function; one that is in none of the <see cref="Parts"/> is loaded when it is asked for first.
    /// </summary>
    /// <exception cref="BpfException">The kernel refused it.</exception>
    public BpfProgram this[string name]
    {
        get
        {
            lock (sync)
            {
                if (programs.TryGetValue(name, out var loaded)) return loaded;
            }
            Load([name]);
            return this[name];
        }
    }

    /// <summary>
    /// The program of XDP for a bond that runs it at its ports: it takes the bond for the device that packets come in by. Each call loads
    /// another one, which is the caller's.
    /// </summary>
    /// <param name="index">The bond's interface index.</param>
    /// <exception cref="BpfException">The kernel refused it.</exception>
    public BpfProgram XdpOfBond(int index) => load([Xdp], index)[Xdp];

    /// <summary>
    /// Gives the maps made now their names, and puts back names that somebody removed. The stamp comes last: maps
    /// without one are never trusted.
    /// </summary>
    /// <returns>Names that had to be put back, of maps that had been pinned before.</returns>
    public IReadOnlyList<string> PinMaps()
    {
        List<string> missing = [];
        foreach (var (name, map) in maps.All.OrderBy(m => m.Key == Abi.Tables.Meta.Name))
        {
            if (name == Abi.Tables.Meta.Name && AbiStamp.Read(map) != AbiStamp.Ours) AbiStamp.Write(map);
            if (IsPinned(map, paths.Map(name))) continue;
            Pin.Replace(map.Fd, paths.Map(name));
            missing.Add(name);
        }
        return missing;
    }

    /// <summary>
    /// Maps of another release that this one has not: nobody else would ever remove them, and they hold memory as long as they have a name.
    /// </summary>
    public void RemoveOtherMaps()
    {
        foreach (var pin in Directory.GetFiles(paths.Maps).Where(p => !maps.All.ContainsKey(Path.GetFileName(p)))) Pin.Remove(pin);
    }

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        maps.Dispose();
    }

    private void Load(IReadOnlyList<string> part)
    {
        var loaded = load(part, 0);
        lock (sync)
        {
            foreach (var (name, program) in loaded) programs.Add(name, program);
        }
    }

    private static bool IsPinned(BpfMap map, string path)
    {
        if (!Pin.Exists(path)) return false;
        using var pinned = BpfMap.OpenPinned(path);
        return pinned.Info.Id == map.Info.Id;
    }
}
