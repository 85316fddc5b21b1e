using System.Net.NetworkInformation;
using EbpfLb.Datapath.Clients;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>What programs must know of this node: all of lb_devices, lb_vlans, lb_node_addrs4/6, lb_nodes and lb_settings.</summary>
/// <param name="Devices">Those that our programs are attached to or send by; each ifindex once.</param>
/// <param name="Addresses">Of all interfaces, but not 127.0.0.0/8 and ::1; each once.</param>
public sealed record NodeState(ValueList<NodeDevice> Devices, ValueList<NodeAddress> Addresses, NodeSettings Settings)
{
    /// <summary>The node's own addresses, from which its processes connect.</summary>
    public ClientAddresses Own { get; init; } = ClientAddresses.None;

    /// <summary>
    /// What services are compiled with. Its addresses are <see cref="Addresses"/>, but for what kube-proxy's ipvs mode left behind.
    /// </summary>
    public NodeNetwork Network { get; init; } = NodeNetwork.None;

    /// <summary>
    /// Those of <see cref="Addresses"/> that may turn out to be another machine's (IPv6, for a second or two after they were set): programs
    /// have them, as packets for them come only when they are ours, and sockets cannot be bound to them.
    /// </summary>
    public ValueList<IpAddress> Unsettled { get; init; } = [];

    /// <summary>Broadcast addresses (IPv4) of the subnets that the node is in: nobody's source.</summary>
    public ValueList<IpAddress> Broadcasts { get; init; } = [];

    /// <summary>Addresses of all nodes of the cluster whose tunnels are opened; each once.</summary>
    public ValueList<IpAddress> Nodes { get; init; } = [];

    /// <summary>
    /// What the cluster says of this node and of others is in it. False: it has not been read yet, an earlier agent knew more.
    /// </summary>
    public bool IsClusterKnown { get; init; } = true;

    /// <summary>Nothing known, nothing wanted: the socket hooks work, NodePorts answer nowhere.</summary>
    public static NodeState Empty { get; } = new([], [], new NodeSettings());
}

/// <summary>An address of one of the node's interfaces.</summary>
/// <param name="NodePort">NodePorts answer on it.</param>
public readonly record struct NodeAddress(IpAddress Address, bool NodePort)
{
    public override string ToString() => $"{Address}{(NodePort ? " (NodePorts)" : "")}";
}

/// <summary>An interface, as an element of lb_devices.</summary>
/// <param name="Ifindex">At least 1.</param>
/// <param name="Name">For messages only.</param>
/// <param name="Snat4">Source of what is masqueraded and leaves by it; null: it has no IPv4 address that could be used.</param>
/// <param name="Snat6">The same for IPv6.</param>
/// <param name="Pod">Pods are behind it: what comes in is theirs, and replies to it come back through us.</param>
/// <param name="Detect">detectLocalMode by interface: its sources are pods.</param>
/// <param name="Bare">No program of ours is there: replies to an address of this node that come in by it would end at the node.</param>
public sealed record NodeDevice(
    uint Ifindex, string Name, IpAddress? Snat4, IpAddress? Snat6, bool Pod = false, bool Detect = false, bool Bare = false)
{
    /// <summary>What comes in has come by another device with a program of ours before.</summary>
    public bool Above { get; init; }

    /// <summary>It is a bridge with our program: netfilter may have seen what comes in before the program does.</summary>
    public bool Bridge { get; init; }

    /// <summary>A tunnel whose packets the kernel cuts where they are too long, whatever is in them.</summary>
    public bool Wraps { get; init; }

    /// <summary>Link address of a device above it that has no program of ours; null: none.</summary>
    public PhysicalAddress? Upper { get; init; }

    /// <summary>Of a VLAN: the device that its frames leave by with the tag <see cref="Vlan"/>; 0: XDP writes none for it.</summary>
    public uint Lower { get; init; }

    /// <summary>The VLAN's number, 1 to 4094, where <see cref="Lower"/> is not 0.</summary>
    public ushort Vlan { get; init; }

    /// <summary>Its own link address; null: it has no Ethernet header.</summary>
    public PhysicalAddress? Mac { get; init; }

    /// <summary>It sends frames that XDP programs of any device give it.</summary>
    public bool SendsFrames { get; init; }

    /// <summary>
    /// It sends its own by XDP_TX. A veth loses them unless its other end has an XDP program too, which this end cannot see; so does a bond
    /// that has one for a port.
    /// </summary>
    public bool SendsOwnFrames { get; init; }

    /// <summary>Bare, and leads to other nodes: a backend there is asked from an address of this node or not at all.</summary>
    public bool Away { get; init; }
}
