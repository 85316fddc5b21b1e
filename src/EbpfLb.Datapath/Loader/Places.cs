using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Loader;

/// <summary>Finds or mounts the file systems that an instance needs.</summary>
internal static class Places
{
    /// <summary>Where cgroup2 is mounted when the machine has none (cgroup v1 only).</summary>
    private const string OwnCgroupMount = "/run/ebpflb/cgroup2";

    /// <summary>The pins' place, with a BPF file system below it.</summary>
    public static InstancePaths Prepare(DatapathOptions options) => Prepare(options, out _);

    /// <param name="hasMounted">There was none, and it was mounted now.</param>
    public static InstancePaths Prepare(DatapathOptions options, out bool hasMounted)
    {
        var bpffs = options.BpfFs ?? BpfFileSystem.Find() ?? BpfFileSystem.DefaultPath;
        hasMounted = BpfFileSystem.EnsureMounted(bpffs);
        return new InstancePaths(bpffs, options.Instance);
    }

    /// <summary>The pins' place without making anything; null when no BPF file system is mounted.</summary>
    public static InstancePaths? Find(DatapathOptions options)
    {
        var bpffs = options.BpfFs ?? BpfFileSystem.Find();
        return bpffs is null ? null : new InstancePaths(bpffs, options.Instance);
    }

    public static string CgroupRoot(DatapathOptions options) => options.CgroupRoot ?? CgroupFileSystem.FindOrMount(OwnCgroupMount);
}
