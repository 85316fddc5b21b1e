using EbpfLb.Datapath.Clients;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>What programs must know of this node: all of lb_devices, lb_node_addrs4/6 and lb_settings.</summary>
/// <param name="Devices">Those that our programs are attached to or send by; each ifindex once.</param>
/// <param name="Addresses">Of all interfaces, but not 127.0.0.0/8 and ::1; each once.</param>
public sealed record NodeState(ValueList<NodeDevice> Devices, ValueList<NodeAddress> Addresses, NodeSettings Settings)
{
    /// <summary>The node's own addresses, from which its processes connect.</summary>
    public ClientAddresses Own { get; init; } = ClientAddresses.None;

    /// <summary>What services are compiled with. Its addresses are <see cref="Addresses"/>, but for what kube-proxy's ipvs mode left behind.</summary>
    public NodeNetwork Network { get; init; } = NodeNetwork.None;

    /// <summary>Broadcast addresses (IPv4) of the subnets that the node is in: nobody's source.</summary>
    public ValueList<IpAddress> Broadcasts { get; init; } = [];

    /// <summary>Nothing known, nothing wanted: the socket hooks work, NodePorts answer nowhere.</summary>
    public static NodeState Empty { get; } = new([], [], new NodeSettings());
}
