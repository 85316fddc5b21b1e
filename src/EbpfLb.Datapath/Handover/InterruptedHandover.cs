using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// What an agent that is killed within a <see cref="Switchover"/> leaves to the next one, as pins beside those of the programs in between:
/// the maps of before, whose names ours take one by one, and the maps that say whether programs have gone over. Until they have, the maps
/// of before are those in use, whatever has their names.
/// </summary>
internal static class InterruptedHandover
{
    private const string MapOfBefore = "was-", Mode = "mode-";

    /// <summary>Before maps of ours take the names.</summary>
    /// <exception cref="BpfException">A pin cannot be made.</exception>
    public static void Record(InstancePaths paths, MapSet maps, Switchover switchover)
    {
        foreach (var name in maps.Created)
        {
            if (!Pin.Exists(paths.Map(name))) continue;
            using var before = BpfMap.OpenPinned(paths.Map(name));
            // After a failure this agent tries again: some may be ours by now.
            if (before.Info.Id == maps.All[name].Info.Id) continue;
            Pin.Replace(before.Fd, Path.Combine(paths.Switch, MapOfBefore + name));
        }
        switchover.PinModes(name => Path.Combine(paths.Switch, Mode + name));
    }

    /// <summary>
    /// Before an agent looks for maps: gives those of before their names again where programs have not gone over to the ones that took
    /// them.
    /// </summary>
    /// <exception cref="BpfException">A pin cannot be made.</exception>
    public static void Undo(InstancePaths paths, ILogger logger)
    {
        var modes = Pins(paths, Mode);
        if (modes.Length > 0 && !modes.Any(HasGoneOver))
        {
            var before = Pins(paths, MapOfBefore);
            foreach (var pin in before)
            {
                using var map = BpfMap.OpenPinned(pin);
                Pin.Replace(map.Fd, paths.Map(Path.GetFileName(pin)[MapOfBefore.Length..]));
            }
            Log.HandoverUndone(logger, before.Length);
        }
        Forget(paths);
    }

    /// <summary>After the handover.</summary>
    public static void Forget(InstancePaths paths)
    {
        // The modes first: without them the others say nothing.
        foreach (var pin in Pins(paths, Mode).Concat(Pins(paths, MapOfBefore))) Pin.Remove(pin);
    }

    private static bool HasGoneOver(string pin)
    {
        using var mode = BpfMap.OpenPinned<uint, uint>(pin);
        return mode.Lookup(0) != SwitchPrograms.Before;
    }

    private static string[] Pins(InstancePaths paths, string prefix)
        => Directory.Exists(paths.Switch) ? Directory.GetFiles(paths.Switch, prefix + "*") : [];
}
