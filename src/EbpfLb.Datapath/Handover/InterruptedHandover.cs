using System.Globalization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// What an agent that is killed within a <see cref="Switchover"/> leaves to the next one, as pins beside those of the programs in between:
/// the maps of before, whose names ours take one by one, and the maps that say whether programs have gone over. Until they have, the maps
/// of before are those in use, whatever has their names. Afterwards they still know what was not brought along: <see cref="LeftHandover"/>.
/// Those of which nothing is to be brought along, as ids mean others now, are marked by a second pin.
/// </summary>
internal static class InterruptedHandover
{
    private const string MapOfBefore = "was-", Mode = "mode-", LeftMap = "left-", Apart = "apart-";

    /// <summary>Before maps of ours take the names.</summary>
    /// <exception cref="BpfException">A pin cannot be made.</exception>
    public static void Record(InstancePaths paths, MapSet maps, Switchover switchover)
    {
        // After a failure this agent tries again: programs have gone over, which an agent that comes next must know.
        if (Pins(paths, Mode).Any(HasGoneOver)) return;
        foreach (var name in maps.Created)
        {
            if (!Pin.Exists(paths.Map(name))) continue;
            using var before = BpfMap.OpenPinned(paths.Map(name));
            // After a failure this agent tries again: some may be ours by now.
            if (before.Info.Id == maps.All[name].Info.Id) continue;
            Pin.Replace(before.Fd, Path.Combine(paths.Switch, MapOfBefore + name));
            if (!maps.Outgrown.ContainsKey(name)) Pin.Replace(before.Fd, Path.Combine(paths.Switch, Apart + name));
        }
        switchover.PinModes(name => Path.Combine(paths.Switch, Mode + name));
    }

    /// <summary>
    /// Before an agent looks for maps. Where no program has gone over, those of before get their names again. Where some have, all go over,
    /// and the maps of before are kept as <see cref="Left"/>, until <see cref="ForgetLeft"/>.
    /// </summary>
    /// <exception cref="BpfException">A pin cannot be made.</exception>
    public static void Resolve(InstancePaths paths, ILogger logger)
    {
        var (modes, before) = (Pins(paths, Mode), Pins(paths, MapOfBefore));
        if (modes.Any(HasGoneOver)) Leave(paths, modes, before, logger);
        else if (modes.Length > 0)
        {
            foreach (var pin in before)
            {
                using var map = BpfMap.OpenPinned(pin);
                Pin.Replace(map.Fd, paths.Map(NameOf(pin)));
            }
            Log.HandoverUndone(logger, before.Length);
        }
        Forget(paths);
    }

    /// <summary>
    /// Pins of maps of before from which programs went over without all being brought along, by the names of the maps: one group for each
    /// agent that was killed, the last one first.
    /// </summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Left(InstancePaths paths)
        => [.. Pins(paths, LeftMap).GroupBy(NumberOf).OrderByDescending(g => g.Key).Select(g => g.ToDictionary(NameOf))];

    private static void Leave(InstancePaths paths, string[] modes, string[] before, ILogger logger)
    {
        // Packets may have gone over and sockets not yet.
        foreach (var pin in modes)
        {
            using var mode = BpfMap.OpenPinned<uint, uint>(pin);
            mode.Update(0, SwitchPrograms.After);
        }
        // What is kept of agents before says less still to maps that did not go on.
        var apart = Pins(paths, Apart).Select(NameOf).ToHashSet();
        foreach (var pin in Pins(paths, LeftMap).Where(pin => apart.Contains(NameOf(pin)))) Pin.Remove(pin);
        string[] kept = [.. before.Where(pin => !apart.Contains(NameOf(pin)))];
        if (kept.Length == 0) return;
        var number = Pins(paths, LeftMap).Select(NumberOf).DefaultIfEmpty().Max() + 1;
        foreach (var pin in kept)
            Pin.Move(pin, Path.Combine(paths.Switch, string.Create(CultureInfo.InvariantCulture, $"{LeftMap}{number}-{NameOf(pin)}")));
        Log.HandoverLeft(logger, kept.Length);
    }

    /// <summary>"lb_sock" of "was-lb_sock" and of "left-1-lb_sock".</summary>
    private static string NameOf(string pin) => Path.GetFileName(pin).Split('-')[^1];

    private static int NumberOf(string pin) => int.Parse(Path.GetFileName(pin).Split('-')[1], CultureInfo.InvariantCulture);

    /// <summary>After the handover.</summary>
    public static void Forget(InstancePaths paths)
    {
        // The modes first: without them the others say nothing.
        foreach (var pin in Pins(paths, Mode)) Pin.Remove(pin);
        ForgetMaps(paths);
    }

    /// <summary>When all that the maps of before know was brought along, after programs have gone over.</summary>
    public static void ForgetMaps(InstancePaths paths)
    {
        foreach (var pin in Pins(paths, MapOfBefore).Concat(Pins(paths, Apart))) Pin.Remove(pin);
    }

    /// <summary>When all that the maps of <see cref="Left"/> know was brought along.</summary>
    public static void ForgetLeft(InstancePaths paths)
    {
        foreach (var pin in Pins(paths, LeftMap)) Pin.Remove(pin);
    }

    private static bool HasGoneOver(string pin)
    {
        using var mode = BpfMap.OpenPinned<uint, uint>(pin);
        return mode.Lookup(0) != SwitchPrograms.Before;
    }

    private static string[] Pins(InstancePaths paths, string prefix)
        => Directory.Exists(paths.Switch) ? [.. Directory.GetFiles(paths.Switch, prefix + "*").Where(pin => !Pin.IsUnfinished(pin))] : [];
}
