using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath;

/// <summary>Instances as they stand in the BPF file system, with or without an agent.</summary>
public static class Instances
{
    /// <summary>Names of all instances that have pins, ordered; empty when no BPF file system is mounted.</summary>
    public static IReadOnlyList<string> List(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !Directory.Exists(paths.Product)) return [];
        return [.. Directory.GetDirectories(paths.Product).Where(d => Directory.EnumerateFileSystemEntries(d).Any())
            .Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Where the pins of an instance are, or would be; null when no BPF file system is mounted.</summary>
    public static InstancePaths? PathsOf(DatapathOptions options) => Places.Find(options);

    /// <summary>
    /// Takes an instance out of the kernel: links and filters first, so that nothing is half in force, then maps and what a
    /// switchover left, then its directories. Filters at clsact are found in the network namespace of the thread that calls.
    /// Touches nothing else. Returns the pins that were removed; empty when there was nothing.
    /// </summary>
    /// <exception cref="BpfException">A pin could not be removed.</exception>
    public static IReadOnlyList<string> Remove(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !Directory.Exists(paths.Root)) return [];
        var removed = new List<string>();
        foreach (var pin in Pins(paths.Links))
        {
            using (var link = BpfLink.OpenPinned(pin)) link.Detach();
            Pin.Remove(pin);
            removed.Add(pin);
        }
        using (var filters = new ClsactHooks(paths))
            foreach (var device in filters.Known()) removed.AddRange(filters.Detach(device));
        // Those of an agent that was killed within a switchover, where nothing goes on to them any more, or while it replaced a record.
        foreach (var pin in Pins(paths.Filters).Concat(Pins(paths.Switch)).Concat(Pins(paths.Maps)))
        {
            Pin.Remove(pin);
            removed.Add(pin);
        }
        foreach (var directory in (string[])[paths.Links, paths.Filters, paths.Switch, paths.Maps, paths.Root, paths.Product])
        {
            if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any()) Directory.Delete(directory);
        }
        return removed;
    }

    /// <summary>The links that are pinned, and what they run, when no agent is there to ask.</summary>
    public static IReadOnlyList<AttachedHook> Hooks(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths) return [];
        return [.. Pins(paths.Links).Select(pin =>
        {
            using var link = BpfLink.OpenPinned(pin);
            var info = link.Info;
            return new AttachedHook(
                Path.GetFileName(pin),
                info.Type is LinkType.Tcx or LinkType.Xdp ? $"device index {info.InterfaceIndex}" : $"cgroup id {info.CgroupId}",
                info.Id, info.ProgramId, "pinned");
        })];
    }

    private static string[] Pins(string directory) => Directory.Exists(directory)
        ? [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)]
        : [];
}
