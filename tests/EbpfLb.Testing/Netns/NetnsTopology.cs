using EbpfLb.Testing.Cgroups;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// Nodes and pods of one test as network namespaces and cgroups. Everything is named elb&lt;pid&gt;-&lt;tag&gt;..., is removed by Dispose,
/// and what a killed test process left behind is removed by the next one that starts.
/// </summary>
public sealed class NetnsTopology : IDisposable
{
    private const string Directory = "/run/netns";
    private readonly List<NodeNetns> nodes = [];
    private RouterNetns? router;

    private NetnsTopology(string prefix)
    {
        Prefix = prefix;
    }

    /// <summary>Start of the name of every namespace, cgroup and instance of this topology.</summary>
    public string Prefix { get; }

    public IReadOnlyList<NodeNetns> Nodes => nodes;

    public static NetnsTopology Create()
    {
        Leftovers.RemoveOfDeadProcesses();
        return new NetnsTopology(Leftovers.NewName());
    }

    public NodeNetns AddNode(string name = "node")
    {
        var cgroup = CgroupScope.Create($"{Prefix}-{name}");
        try
        {
            var node = new NodeNetns(Prefix, name, nodes.Count, cgroup);
            nodes.Add(node);
            return node;
        }
        catch
        {
            cgroup.Dispose();
            Delete($"{Prefix}-{name}");
            throw;
        }
    }

    /// <summary>Adds the router that outside clients and nodes hang on.</summary>
    public RouterNetns AddRouter()
    {
        if (router is not null)
            throw new InvalidOperationException("there is a router already");
        return router = new RouterNetns(Prefix);
    }

    public void Dispose()
    {
        router?.Delete();
        router = null;
        foreach (var node in nodes)
            node.Delete();
        nodes.Clear();
    }

    internal static string PathOf(string netns) => Path.Combine(Directory, netns);

    internal static IEnumerable<string> All() =>
        System.IO.Directory.Exists(Directory) ? System.IO.Directory.EnumerateFiles(Directory).Select(file => Path.GetFileName(file)) : [];

    internal static void Delete(string netns)
    {
        if (File.Exists(PathOf(netns)))
            Ip.Batch(null, $"netns del {netns}");
    }
}
