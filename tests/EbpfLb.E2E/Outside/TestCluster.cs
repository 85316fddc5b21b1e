using System.Globalization;
using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// client - router - two nodes - pods: each node has an agent, the first has the pods a and b, the second c and d. The router
/// sends external IPs, LB VIPs and ClusterIPs to the first node. One for all tests of a class; each test has services of its own.
/// </summary>
public sealed class TestCluster : IDisposable
{
    private readonly List<IDisposable> running = [];
    private int services;

    public TestCluster()
        : this(new TestClusterOptions())
    {
    }

    internal TestCluster(TestClusterOptions options)
    {
        try
        {
            Router = Topology.AddRouter();
            Client = Router.AddClient("client");
            Probe = Keep(NetProbe.Start(Client.Place));
            var nodes = new[] { Topology.AddNode("n1"), Topology.AddNode("n2") };
            foreach (var node in nodes)
                Router.Connect(node);
            if (options.IsBridged) PutIntoBridge(nodes[0], nodes[1]);
            if (options.TunnelMtu is { } mtu)
            {
                AddTunnel(nodes[0], nodes[1], mtu);
                AddTunnel(nodes[1], nodes[0], mtu);
            }
            foreach (var range in (string[])["203.0.112.0/23", "2001:db8:1::/64", "10.96.0.0/16", "fd00:10:96::/64"])
                Router.Route(range, nodes[0]);
            Manifests.PutText("nodes", string.Concat(nodes.Select(NodeManifest.Of)));
            First = Start(nodes[0], ["a", "b"], options);
            Second = Start(nodes[1], ["c", "d"], options);
            First.Agent.WaitUntilReady();
            Second.Agent.WaitUntilReady();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetnsTopology Topology { get; } = NetnsTopology.Create();

    public ManifestDirectory Manifests { get; } = new();

    public RouterNetns Router { get; }

    public PodNetns Client { get; }

    /// <summary>Runs at the client, in no node's cgroup.</summary>
    public NetProbe Probe { get; }

    public ClusterNode First { get; } = null!;

    public ClusterNode Second { get; } = null!;

    public IEnumerable<PodNetns> Pods => First.Pods.Concat(Second.Pods);

    public PodNetns Pod(string name) => Pods.Single(pod => pod.Name == name);

    /// <summary>A service with these pods as endpoints, not yet in the manifests.</summary>
    public OutsideService NewService(params IReadOnlyList<string> pods)
    {
        var number = ++services;
        return new OutsideService(new ServiceManifest($"svc{number}")
        {
            Type = "LoadBalancer",
            ClusterIPs = Both("10.96.2.", "fd00:10:96::2:", number),
            ExternalIPs = Both("203.0.112.", "2001:db8:1::1:", number),
            LoadBalancerIPs = Both("203.0.113.", "2001:db8:1::2:", number),
            Ports =
            [
                new PortManifest("tcp", "TCP", OutsideService.Port, TestNode.TargetPort) { NodePort = 30_000 + number },
                new PortManifest("udp", "UDP", OutsideService.Port, TestNode.TargetPort) { NodePort = 30_000 + number },
            ],
            Endpoints = Addresses(pods),
            NodeOf = NodeOf,
        });
    }

    public IReadOnlyList<IPAddress> Addresses(params IReadOnlyList<string> pods) =>
        [.. pods.Select(Pod).SelectMany(pod => new[] { pod.IPv4, pod.IPv6 })];

    /// <summary>Puts a service into the manifests and waits until both nodes have it.</summary>
    public OutsideService Publish(OutsideService service)
    {
        Manifests.Put(service.Manifest);
        foreach (var node in (ClusterNode[])[First, Second])
        {
            Eventually.True(
                () => node.Agent.Services().Contains($"\"default/{service.Manifest.Name}", StringComparison.Ordinal),
                () => $"{service.Manifest.Name} to be programmed on {node.Name}. Log of the agent:\n{node.Agent.EndOfLog}");
        }
        return service;
    }

    public OutsideService Publish(params IReadOnlyList<string> pods) => Publish(NewService(pods));

    /// <summary>Fails with all that is known when a load is not clean. Asking for that takes longer than most tests.</summary>
    public void CheckClean(LoadReport report)
    {
        if (!report.IsClean) Assert.Fail(report.Line + Report());
    }

    /// <summary>What the agents say of their state, their flows and themselves.</summary>
    public string Report() => string.Concat(new[] { First, Second }.Select(node =>
        $"\n{node.Name}:\n{node.Agent.Command("status").Output}\n{node.Agent.Command("conntrack", "list").Output}\n{node.Agent.EndOfLog}"));

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        running.Add(disposable);
        return disposable;
    }

    public void Dispose()
    {
        foreach (var disposable in Enumerable.Reverse(running))
            disposable.Dispose();
        Topology.Dispose();
        Manifests.Dispose();
    }

    /// <summary>A vxlan device on the node, by which it reaches the pods of the other one.</summary>
    internal static void AddTunnel(NodeNetns node, NodeNetns other, int mtu = 1450) => node.Configure(
        $"link add vx0 mtu {mtu} type vxlan id 7 local {node.IPv4} remote {other.IPv4} dstport 4789 dev eth0",
        "link set vx0 up",
        $"addr add 10.99.0.{node.Index + 1}/24 dev vx0",
        $"addr add fd00:99::{node.Index + 1}/64 dev vx0 nodad",
        $"route replace 10.244.{other.Index}.0/24 via 10.99.0.{other.Index + 1}",
        $"route replace fd00:10:244:{other.Index:x}::/64 via fd00:99::{other.Index + 1}");

    /// <summary>As hosts of virtual machines have it.</summary>
    private static void PutIntoBridge(NodeNetns node, NodeNetns other) => node.Configure(
        "link add br0 type bridge", "addr flush dev eth0 scope global", "link set eth0 master br0", "link set br0 up",
        $"addr add {node.IPv4}/24 dev br0", $"addr add {node.IPv6}/64 dev br0 nodad",
        $"route replace default via {RouterNetns.GatewayV4}", $"route replace default via {RouterNetns.GatewayV6}",
        $"route replace 10.244.{other.Index}.0/24 via {other.IPv4}",
        $"route replace fd00:10:244:{other.Index:x}::/64 via {other.IPv6}");

    private static IPAddress[] Both(string v4, string v6, int number) =>
        [IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{v4}{number}")), IPAddress.Parse($"{v6}{number:x}")];

    private string? NodeOf(IPAddress address) =>
        ((ClusterNode[])[First, Second]).FirstOrDefault(node
            => node.Pods.Any(pod => pod.IPv4.Equals(address) || pod.IPv6.Equals(address)))?.Name;

    private ClusterNode Start(NodeNetns netns, string[] names, TestClusterOptions options)
    {
        var pods = names.Select(name => netns.AddPod(name)).ToArray();
        foreach (var pod in pods)
            Keep(PodServer.Start(pod.Place, pod.Name, $"{TestNode.TargetPort}", $"{TestNode.TargetPort}", showClient: true));
        var agent = Keep(AgentProcess.Begin(new AgentOptions(TestNode.Binary, netns, "--manifests", Manifests.Path)
        {
            // Beside a file kube-proxy's own options do not count.
            Extra = [.. options.Config is { } file ? (string[])["--config", file] : ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48"],
                .. options.Extra],
        }));
        return new ClusterNode(netns, agent, Keep(NetProbe.Start(netns.Place)), pods);
    }
}
