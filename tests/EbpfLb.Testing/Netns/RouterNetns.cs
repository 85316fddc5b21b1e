using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// What lies between nodes and the world: a router whose bridge "nodes" (172.18.0.0/24, fd00:172:18::/64) joins the nodes, and
/// one network for each outside client (198.51.100.x, 2001:db8:100::x). It knows no ClusterIPs and no pods.
/// </summary>
public sealed class RouterNetns
{
    public const string GatewayV4 = "172.18.0.254";
    public const string GatewayV6 = "fd00:172:18::fe";
    private readonly string prefix;
    private readonly List<NodeNetns> nodes = [];
    private readonly List<PodNetns> clients = [];

    internal RouterNetns(string prefix)
    {
        this.prefix = prefix;
        Netns = $"{prefix}-router";
        Place = new ProcessPlace(NetnsTopology.PathOf(Netns), null);
        Ip.Batch(null, $"netns add {Netns}");
        NodeNetns.Sysctls(Netns, forwarding: true);
        Ip.Batch(
            Netns,
            "link set lo up",
            "link add nodes type bridge",
            "link set nodes up",
            $"addr add {GatewayV4}/24 dev nodes",
            $"addr add {GatewayV6}/64 dev nodes nodad");
    }

    /// <summary>Name below /run/netns.</summary>
    public string Netns { get; }

    public ProcessPlace Place { get; }

    public IReadOnlyList<PodNetns> Clients => clients;

    /// <summary>Connects a node by its device eth0; nodes reach each other and each other's pods directly.</summary>
    public void Connect(NodeNetns node, int mtu = 1500)
    {
        node.Connect("eth0", Netns, node.Name, mtu, GatewayV4, GatewayV6);
        Ip.Batch(Netns, $"link set {node.Name} mtu {mtu}", $"link set {node.Name} master nodes", $"link set {node.Name} up");
        foreach (var other in nodes)
        {
            other.RoutePodsOf(node);
            node.RoutePodsOf(other);
        }
        nodes.Add(node);
    }

    /// <summary>Adds a client outside of the cluster, in no cgroup of any node.</summary>
    public PodNetns AddClient(string name, int mtu = 1500)
    {
        var number = clients.Count + 1;
        var netns = $"{prefix}-{name}";
        var client = new PodNetns(
            name,
            netns,
            System.Net.IPAddress.Parse($"198.51.100.{number * 4 + 2}"),
            System.Net.IPAddress.Parse($"2001:db8:100:{number:x}::2"),
            new ProcessPlace(NetnsTopology.PathOf(netns), null));
        clients.Add(client);
        Ip.Batch(null, $"netns add {netns}");
        NodeNetns.Sysctls(netns, forwarding: false);
        Ip.Batch(null, $"link add c-{name} netns {Netns} mtu {mtu} type veth peer name eth0 netns {netns}");
        Ip.Batch(Netns, $"link set c-{name} up", $"addr add 198.51.100.{number * 4 + 1}/30 dev c-{name}",
            $"addr add 2001:db8:100:{number:x}::1/64 dev c-{name} nodad");
        Ip.Batch(
            netns,
            "link set lo up",
            $"link set eth0 mtu {mtu} up",
            $"addr add {client.IPv4}/30 dev eth0",
            $"addr add {client.IPv6}/64 dev eth0 nodad",
            $"route add default via 198.51.100.{number * 4 + 1}",
            $"route add default via 2001:db8:100:{number:x}::1");
        return client;
    }

    /// <summary>Sends a prefix (of LB VIPs, external IPs, ClusterIPs) to a node.</summary>
    public void Route(string range, NodeNetns node) =>
        Ip.Batch(Netns, $"route replace {range} via {(range.Contains(':', StringComparison.Ordinal) ? node.IPv6 : node.IPv4)}");

    /// <summary>Runs ip with these commands on the router.</summary>
    public void Configure(params IReadOnlyList<string> commands) => Ip.Batch(Netns, commands);

    internal void Delete()
    {
        foreach (var netns in clients.Select(client => client.Netns).Append(Netns))
            NetnsTopology.Delete(netns);
    }
}
