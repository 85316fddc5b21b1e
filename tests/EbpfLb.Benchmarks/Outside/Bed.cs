using System.Globalization;
using System.Net;
using System.Text;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// client - router - nodes that differ in one thing: "bare" has no rules, "own" has our agent, "iptables" and "nftables" have rules laid
/// out as kube-proxy's. Each has the same two pods; "far" holds the remote backend of all.
/// </summary>
internal sealed class Bed : IDisposable
{
    public const int NodePort = 32767;
    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "bin", "ebpflb");
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly RouterNetns router;
    private readonly Dictionary<string, NodeNetns> nodes = [];
    private readonly List<IDisposable> running = [];
    private AgentProcess? agent;

    public Bed()
    {
        router = topology.AddRouter();
        Probe = Keep(NetProbe.Start(router.AddClient("client").Place));
        Other = Keep(NetProbe.Start(router.AddClient("other").Place));
        foreach (var name in (string[])["far", "bare", "own", "iptables", "nftables"])
        {
            var node = topology.AddNode(name);
            router.Connect(node);
            router.Route($"10.244.{node.Index}.0/24", node);
            nodes.Add(name, node);
            var pod = node.AddPod("web");
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

    public string NodePortOf(string node) => $"{nodes[node].IPv4}:{NodePort}";

    public string PodOf(string node) => $"{nodes[node].Pods[0].IPv4}:8080";

    /// <summary>Gives a node this many services, the last of them with the local or the remote pod as its backend.</summary>
    public void Program(string node, int services, bool remote)
    {
        var backend = PodOf(remote ? "far" : node);
        if (node == "own")
            ProgramOwn(services, IPEndPoint.Parse(backend).Address, remote ? "far" : "own");
        else if (node == "iptables")
            Shell(node,
                "iptables-legacy -t nat -F; iptables-legacy -F; iptables-legacy -t nat -X; iptables-legacy "
                    + $"-X; '{Tool("iptables.sh")}' {services} {backend} | iptables-legacy-restore");
        else if (node == "nftables")
            Shell(node, $"nft flush ruleset; NODE={nodes[node].IPv4} '{Tool("nftables.sh")}' {services} {backend} | nft -f -");
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running)) disposable.Dispose();
        agent?.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    private static string Tool(string name) => Path.Combine(RepositoryPaths.Root, "tools", "peers", name);

    private void Shell(string node, string command)
    {
        var (code, output) = ChildProcess.Run(nodes[node].Place with { CgroupPath = null }, "/bin/sh", "-c", command);
        if (code != 0) throw new InvalidOperationException($"{command}: {output}");
    }

    private void ProgramOwn(int services, IPAddress backend, string backendNode)
    {
        var text = new StringBuilder();
        for (var i = 1; i < services; i++)
            text.Append(Service(i, Address(i), i <= 2766 ? 30_000 + i : 0, [Endpoint(i, 0), Endpoint(i, 1)], "elsewhere").Text);
        text.Append(Service(services, IPAddress.Parse("10.100.255.1"), NodePort, [backend], backendNode).Text);
        manifests.PutText("all", text.ToString());
        agent ??= AgentProcess.Start(
            new AgentOptions(Binary, nodes["own"], "--manifests", manifests.Path) { Extra = ["--cluster-cidr", "10.244.0.0/16"] });
        Eventually.True(() => agent.Command("backends").Output.Contains(backend.ToString(), StringComparison.Ordinal),
            () => $"the services to be programmed: {agent.Log}");
        Eventually.True(() => Probe.Load(LoadMode.Tcp, NodePortOf("own"), 3).IsClean, () => $"the NodePort to answer: {agent.Log}");
    }

    private static ServiceManifest Service(int number, IPAddress clusterIP, int nodePort, IPAddress[] endpoints, string node)
        => new(string.Create(CultureInfo.InvariantCulture, $"svc{number}"))
    {
        Type = nodePort == 0 ? "ClusterIP" : "NodePort",
        ClusterIPs = [clusterIP],
        Ports = [new PortManifest("http", "TCP", 80, 8080) { NodePort = nodePort }],
        Endpoints = endpoints,
        NodeOf = _ => node,
    };

    private static IPAddress Address(int i) => new([10, (byte)(100 + i / 65536), (byte)(i / 256), (byte)i]);

    private static IPAddress Endpoint(int i, int j) => new([10, (byte)(248 + i / 32768), (byte)(i / 128), (byte)(i % 128 * 2 + j)]);

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }
}
