using EbpfLb.Testing.Cgroups;

namespace EbpfLb.Testing.Agents;

/// <summary>The BPF file system in which agents pin, one directory an instance.</summary>
public static class BpfFs
{
    /// <summary>Its mount point, found in mountinfo; the usual place when there is none yet.</summary>
    public static string MountPoint => MountTable.Find("bpf") ?? "/sys/fs/bpf";

    /// <summary>Directory of one instance's pins.</summary>
    public static string InstancePath(string instance) => Path.Combine(MountPoint, "ebpflb", instance);

    internal static IEnumerable<string> Instances() => NamesIn(Path.Combine(MountPoint, "ebpflb"));

    /// <summary>Directories beside those of agents.</summary>
    internal static IEnumerable<string> Directories() => NamesIn(MountPoint);

    /// <summary>Unpins what an agent left that can no longer clean up itself: links detach, maps are freed.</summary>
    internal static void RemoveInstance(string instance)
    {
        var path = InstancePath(instance);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    internal static void RemoveDirectory(string name)
    {
        if (Directory.Exists(Path.Combine(MountPoint, name)))
            Directory.Delete(Path.Combine(MountPoint, name), recursive: true);
    }

    private static IEnumerable<string> NamesIn(string directory)
        => Directory.Exists(directory) ? [.. Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path))] : [];
}
