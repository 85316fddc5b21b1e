using EbpfLb.Testing.Cgroups;

namespace EbpfLb.Testing.Agents;

/// <summary>The BPF file system in which agents pin, one directory an instance.</summary>
public static class BpfFs
{
    /// <summary>Its mount point, found in mountinfo; the usual place when there is none yet.</summary>
    public static string MountPoint => MountTable.Find("bpf") ?? "/sys/fs/bpf";

    /// <summary>Directory of one instance's pins.</summary>
    public static string InstancePath(string instance) => Path.Combine(MountPoint, "ebpflb", instance);

    internal static IEnumerable<string> Instances()
    {
        var parent = Path.Combine(MountPoint, "ebpflb");
        return Directory.Exists(parent) ? [.. Directory.EnumerateDirectories(parent).Select(path => Path.GetFileName(path))] : [];
    }

    /// <summary>Unpins what an agent left that can no longer clean up itself: links detach, maps are freed.</summary>
    internal static void RemoveInstance(string instance)
    {
        var path = InstancePath(instance);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
