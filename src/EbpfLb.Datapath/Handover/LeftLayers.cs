using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// Programs in between of agents that were killed before their flip. They only go on to what was there before them; so ours go on to that
/// at once. Else each further agent that ends so, as one does for which memory is short, would leave one more of them at each hook, with
/// all its maps, until the kernel calls no more programs in a row (33).
/// </summary>
internal sealed class LeftLayers
{
    private const string Theirs = "sw_", Target = "to_", Mode = "lb_switch";

    /// <summary>More than the kernel calls.</summary>
    private const int Most = 64;

    private readonly HashSet<uint> passed = [];

    /// <summary>The program that packets or calls come to, of the one at a hook.</summary>
    /// <exception cref="BpfException">One of them cannot be looked at.</exception>
    public uint Below(uint program)
    {
        for (var i = 0; i < Most; i++)
        {
            if (Next(program) is not { } next) break;
            program = next;
        }
        return program;
    }

    /// <summary>When ours are at all hooks: those that were passed by lose their names, and with them what they hold.</summary>
    public void Remove(InstancePaths paths)
    {
        if (passed.Count == 0) return;
        Switchover.WaitForThoseBefore();
        foreach (var pin in Directory.GetFiles(paths.Switch, Target + "*"))
        {
            var id = Path.GetFileName(pin).Split('-')[^1];
            if (uint.TryParse(id, CultureInfo.InvariantCulture, out var map) && passed.Contains(map)) Pin.Remove(pin);
        }
    }

    private uint? Next(uint id)
    {
        using var program = BpfProgram.OpenId(id);
        var name = program.Info.Name;
        if (!name.StartsWith(Theirs, StringComparison.Ordinal)) return null;
        uint? before = null, target = null;
        foreach (var mapId in program.MapIds)
        {
            using var map = BpfMap.OpenId(mapId);
            var info = map.Info;
            if (info.Name != Mode && info.Name != Target + name[Theirs.Length..]) continue;
            using var read = new BpfMap<uint, uint>(map.Duplicate());
            // It has gone over, or goes on to nobody.
            if (!read.TryLookup(0, out var value) || (info.Name == Mode && value != SwitchPrograms.Before)) return null;
            if (info.Name != Mode) (before, target) = (value, mapId);
        }
        if (target is { } left) passed.Add(left);
        return before;
    }
}
