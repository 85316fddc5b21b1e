using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Datapath.Tests;

/// <summary>An instance of its own with a cgroup of its own; nothing of it is left afterwards.</summary>
internal sealed class TestInstance : IDisposable
{
    private bool hasJoined;
    private readonly string homeCgroup = File.ReadAllLines("/proc/self/cgroup").Single(l
        => l.StartsWith("0::", StringComparison.Ordinal))[3..];

    public TestInstance()
    {
        var name = Leftovers.NewName();
        Cgroup = CgroupScope.Create(name);
        // Before the dataplane looks for it: what that mounts itself, it unmounts when it is removed.
        _ = BpfFs.MountPoint;
        Options = new DatapathOptions { Instance = name, CgroupRoot = Cgroup.Path, Sizes = Small };
    }

    public static MapSizes Small { get; } = new(Frontends: 256, Services: 256, Backends: 1024, Slots: 2048, Affinity: 256, UdpPeers: 64)
    {
        Flows = 2048,
    };

    public CgroupScope Cgroup { get; }

    public DatapathOptions Options { get; set; }

    /// <summary>What was logged so far.</summary>
    public List<string> Log { get; } = [];

    public Dataplane Open() => Dataplane.Open(Options, new LineLogs(Log));

    /// <summary>Compiles what the builder describes, as the agent would.</summary>
    public static ForwardingTable Table(
        Action<ClusterBuilder>? describe = null, ForwardingTable? previous = null, Scheduler scheduler = Scheduler.Random)
    {
        var builder = new ClusterBuilder();
        describe?.Invoke(builder);
        return ForwardingCompiler.Compile(builder.Build(), PolicyOptions.Default with { Scheduler = scheduler }, previous);
    }

    /// <summary>Moves this process into the cgroup that is served, or back to where it was.</summary>
    /// <remarks>Only for classes of the collection <see cref="OwnCgroup"/>.</remarks>
    public void Join(bool inside = true)
    {
        hasJoined |= inside;
        var root = Path.GetDirectoryName(Cgroup.Path)!;
        var target = inside ? Cgroup.Path : Path.Join(root, homeCgroup);
        File.WriteAllText(Path.Combine(target, "cgroup.procs"), Environment.ProcessId.ToString());
    }

    public void Dispose()
    {
        if (hasJoined) Join(inside: false);
        Instances.Remove(Options);
        Cgroup.Dispose();
    }
}
