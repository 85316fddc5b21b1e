using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Agents;

/// <summary>The BPF file system in which agents pin, one directory an instance.</summary>
public static class BpfFs
{
    private const string UsualPlace = "/sys/fs/bpf";
    private static readonly Lock Mounting = new();

    /// <summary>Its mount point, found in mountinfo; mounted at the usual place when there is none yet.</summary>
    public static string MountPoint => MountTable.Find("bpf") ?? Mounted();

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

    /// <summary>
    /// Mounts it as systemd does on a node, under a name that no agent takes for its own: those unmount theirs when they are
    /// removed, and a test beside them that is about to pin would find no file system.
    /// </summary>
    private static string Mounted()
    {
        lock (Mounting)
        {
            // Projects run side by side: two mounts over each other would hide what is pinned in the first.
            using var others = OpenAlone("/run/ebpflb-tests-bpffs.lock");
            if (MountTable.Find("bpf") is { } found) return found;
            var (_, output) = ChildProcess.Run(
                new ProcessPlace(null, null), RepositoryPaths.Tool("mount"), "-t", "bpf", "bpf", UsualPlace);
            return MountTable.Find("bpf") ?? throw new InvalidOperationException($"mount -t bpf bpf {UsualPlace} failed: {output}");
        }
    }

    private static FileStream OpenAlone(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(20);
            }
        }
    }

    private static IEnumerable<string> NamesIn(string directory)
        => Directory.Exists(directory) ? [.. Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path))] : [];
}
