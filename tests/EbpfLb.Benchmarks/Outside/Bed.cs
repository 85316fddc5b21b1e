using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// client - router - nodes that differ in one thing: who forwards their NodePort (<see cref="Peer"/>). Each has the same two pods; "far"
/// holds the remote backend of all, "bare" forwards nothing.
/// </summary>
internal sealed class Bed : IDisposable
{
    private const int RoutedTable = 250;

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly RouterNetns router;
    private readonly Dictionary<string, Peer> peers = [];
    private readonly List<IDisposable> running = [];

    /// <param name="names">Of peers.</param>
    /// <param name="asCards">
    /// Client and pods finish their checksums, nodes' links put segments together as network cards do: XDP takes no other frames.
    /// </param>
    public Bed(IReadOnlyList<string> names, bool asCards = false)
    {
        router = topology.AddRouter();
        var client = router.AddClient("client");
        if (asCards) Offloads.NoChecksums(client.Place.NetnsPath!, "eth0");
        Probe = Keep(NetProbe.Start(client.Place));
        Other = Keep(NetProbe.Start(router.AddClient("other").Place));
        foreach (var name in (string[])["far", "bare", .. names])
        {
            var node = topology.AddNode(name);
            router.Connect(node);
            router.Route($"10.244.{node.Index}.0/24", node);
            peers.Add(name, Keep(new Peer(name, node)));
            var pod = node.AddPod("web");
            if (asCards)
            {
                Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
                // Without TSO at the one end, GRO at the other one has segments to put together. An XDP program makes both so, too.
                Offloads.NoChecksums(router.Place.NetnsPath!, node.Name);
                Offloads.Receive(node.Place.NetnsPath!, "eth0");
                Offloads.Receive(router.Place.NetnsPath!, node.Name);
            }
            Keep(PodServer.Start(pod.Place, "web", "8080", "8080"));
            // In no cgroup of the node: what is compared are packets.
            Inside.Add(name, Keep(NetProbe.Start(node.AddPod("caller").Place with { CgroupPath = null })));
        }
    }

    /// <summary>At the client outside.</summary>
    public NetProbe Probe { get; }

    /// <summary>
    /// At another client. To a pod in TIME_WAIT, connections of one client to the pod's own address and to a NodePort in front of it
    /// look like the same one's with clocks that jump: each kind of comparison has a client of its own.
    /// </summary>
    public NetProbe Other { get; }

    /// <summary>In a pod of each node.</summary>
    public Dictionary<string, NetProbe> Inside { get; } = [];

    public Peer this[string name] => peers[name];

    public string NodePortOf(string node) => $"{peers[node].Node.IPv4}:{Peer.NodePort}";

    public string PodOf(string node) => $"{peers[node].Node.Pods[0].IPv4}:8080";

    /// <summary>
    /// Another address of the pod of "far", to which packets go the way that a NodePort's do, and its answers too: by a node between, which
    /// only routes.
    /// </summary>
    public string RouteByNode()
    {
        var (by, far) = (peers["bare"].Node, peers["far"].Node);
        var pod = far.Pods[0];
        var address = $"10.244.{far.Index}.250";
        router.Route($"{address}/32", by);
        Ip.Batch(pod.Netns, $"addr add {address}/32 dev eth0");
        Ip.Batch(far.Netns, $"route add {address}/32 via {pod.IPv4}", $"route add default via {by.IPv4} table {RoutedTable}",
            $"rule add from {address} lookup {RoutedTable}");
        return $"{address}:8080";
    }

    /// <summary>Gives a node this many services, the last of them with the local or the remote pod as its backend.</summary>
    public void Program(string node, int services, bool remote)
    {
        var backendNode = remote ? "far" : node;
        peers[node].Program(services, PodOf(backendNode), backendNode);
        Eventually.True(() => Probe.Load(LoadMode.Tcp, NodePortOf(node), 3).IsClean, () => $"the NodePort to answer: {peers[node].Log}");
    }

    /// <summary>
    /// Has clients, servers and proxies run on these CPUs, "0" or "0-1". Where requests go one after another, one CPU is enough for all,
    /// and figures do not depend on who was woken where.
    /// </summary>
    public void RunOn(string cpus)
    {
        var names = topology.Nodes.SelectMany(n => n.Pods.Select(p => p.Netns).Prepend(n.Netns))
            .Concat(router.Clients.Select(c => c.Netns));
        foreach (var pid in names.SelectMany(name => Call("ip", "netns", "pids", name).Split('\n', StringSplitOptions.RemoveEmptyEntries)))
            Call("taskset", "-a", "-p", "-c", cpus, pid);
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        topology.Dispose();
    }

    /// <summary>What a program of the machine prints.</summary>
    public static string Call(string tool, params IReadOnlyList<string> arguments)
    {
        var (code, output) = ChildProcess.Run(new ProcessPlace(null, null), [RepositoryPaths.Tool(tool), .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {output}");
    }

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }
}
