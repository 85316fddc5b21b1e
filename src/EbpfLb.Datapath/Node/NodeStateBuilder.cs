using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Net.Sockets;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Devices;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>What programs must know of a node, from its network, its options and its Node object. Pure.</summary>
public static class NodeStateBuilder
{
    /// <summary>kube-proxy's ipvs mode puts all addresses of Services there, and they stay until its --cleanup.</summary>
    private const string IpvsDevice = "kube-ipvs0";

    private const string Veth = "veth";

    /// <summary>RFC 3021: a subnet of two addresses has no broadcast.</summary>
    private const int LongestBroadcastPrefix = 31;

    /// <param name="devices">The decisions about all devices of the network.</param>
    /// <param name="node">null while it is not known, or when there is none.</param>
    /// <param name="netnsCookie">Of the node's network namespace; 0: not known.</param>
    /// <param name="cpus">One more than the highest number of a CPU that is online.</param>
    public static NodeState Build(
        NetworkSnapshot network, IReadOnlyList<DeviceDecision> devices, NodeOptions options, Model.Node? node, ulong netnsCookie, int cpus)
    {
        var addresses = new NodeAddresses(network, node);
        var names = network.Links.ToDictionary(l => l.Index, l => l.Name);
        var stack = new DeviceStack(devices);
        return new NodeState(
            // All devices, not only those with programs: a backend may be behind any of them.
            devices.Where(d => !d.Link.Flags.HasFlag(LinkFlags.Loopback)).Select(d
                => Device(d, addresses, names, options) with
                {
                    Above = stack.IsAbove(d), Bridge = IsBridge(d), Wraps = LinkKinds.MayBeCut(d.Link), Upper = stack.Upper(d),
                    Mac = d.HasEthernet ? d.Link.Mac : null,
                    SendsFrames = SendsFrames(SenderOf(d), network, cpus), SendsOwnFrames = SendsOwnFrames(SenderOf(d), network, cpus),
                    Lower = TaggedAt(d) is { } lower ? (uint)lower.Index : 0, Vlan = d.Link.VlanId,
                }).ToValueList(),
            Addresses(network, addresses, options).ToValueList(),
            Settings(options, node, netnsCookie) with
            {
                DevicesAbove = devices.Any(stack.IsAbove), Bridges = devices.Any(IsBridge),
                Tunnel4 = addresses.Primary4, Tunnel6 = addresses.Primary6,
            })
        {
            Own = new ClientAddresses(addresses.Primary4, addresses.Primary6),
            Broadcasts = Broadcasts(network).ToValueList(),
            Unsettled = Unsettled(network).ToValueList(),
            Network = new NodeNetwork(DeviceAddresses(network).ToFrozenSet(), UplinkSubnets(network, devices).ToValueList()),
        };
    }

    private static bool IsBridge(DeviceDecision device) => device.IsAttached && device.Link.Kind == NetworkFacts.Bridge;

    /// <summary>
    /// The device that XDP gives a VLAN's frames to, with their tag; null: none of the kind, and tc does all. Frames of one that is down
    /// are the stack's, which drops them.
    /// </summary>
    private static Link? TaggedAt(DeviceDecision device) => device.Link is { VlanId: not 0, IsUp: true } ? device.Lower?.Link : null;

    private static Link SenderOf(DeviceDecision device) => TaggedAt(device) ?? device.Link;

    private static bool SendsFrames(Link link, NetworkSnapshot network, int cpus)
        => network.XdpSenders.Contains(link.Index) && SendQueues.Problem(link, network, cpus) is null;

    /// <summary>
    /// By XDP_TX, which a bond does by its ports: the kernel redirects a frame to the port that the bond's policy says
    /// (xdp_master_redirect). A veth loses them unless its other end has a program.
    /// </summary>
    private static bool SendsOwnFrames(Link link, NetworkSnapshot network, int cpus) => link.Kind == NetworkFacts.Bond
        ? network.Links.All(port => port.MasterIndex != link.Index || port.Kind != Veth) && SendQueues.Problem(link, network, cpus) is null
        : link.Kind != Veth;

    private static NodeDevice Device(DeviceDecision device, NodeAddresses addresses, Dictionary<int, string> names, NodeOptions options)
        => new(
        (uint)device.Link.Index,
        device.Link.Name,
        addresses.SourceFor(device.Link, AddressFamily.InterNetwork),
        addresses.SourceFor(device.Link, AddressFamily.InterNetworkV6),
        Pod: device.Role == DeviceRole.Pod,
        // A program at a port of the bridge sees the packet before it comes in by the bridge.
        Detect: options.Detector.Matches(device.Link.Name)
            || (options.Detector.Mode == DetectLocalMode.BridgeInterface
                && options.Detector.Matches(names.GetValueOrDefault(device.Link.MasterIndex, ""))),
        Bare: !device.IsAttached) { Away = device.LeadsAway };

    private static IEnumerable<IpAddress> DeviceAddresses(NetworkSnapshot network)
    {
        var ipvs = network.Links.FirstOrDefault(l => l.Name == IpvsDevice)?.Index ?? 0;
        return Usable(network.Addresses.Where(a => a.LinkIndex != ipvs));
    }

    private static IEnumerable<SourceRange> UplinkSubnets(NetworkSnapshot network, IReadOnlyList<DeviceDecision> devices)
    {
        var facts = new NetworkFacts(network);
        return devices.Where(d => d.Role == DeviceRole.Uplink).SelectMany(d => facts.SubnetsOf(d.Link)).Where(s
            => s.Length < (s.Prefix.Family == IpFamily.IPv4 ? 32 : 128)).Distinct().Order();
    }

    private static IEnumerable<IpAddress> Usable(IEnumerable<Address> addresses) => addresses
        .Where(a => !a.Flags.HasFlag(AddressFlags.DadFailed))
        .Select(a => IpAddress.From(a.Local))
        .Where(a => !a.IsLoopback && !a.IsUnspecified)
        .Distinct()
        .Order();

    /// <summary>Nobody can bind to them yet (inet6_bind; ipv6_chk_addr takes optimistic ones).</summary>
    private static IEnumerable<IpAddress> Unsettled(NetworkSnapshot network)
        => Usable(network.Addresses.Where(IsUnsettled)).Except(Usable(network.Addresses.Where(a => !IsUnsettled(a))));

    private static bool IsUnsettled(Address address)
        => (address.Flags & (AddressFlags.Tentative | AddressFlags.Optimistic)) == AddressFlags.Tentative;

    private static IEnumerable<NodeAddress> Addresses(NetworkSnapshot network, NodeAddresses addresses, NodeOptions options)
        => Usable(network.Addresses)
        .Select(a => new NodeAddress(a, options.NodePortAddresses.Allow(a, addresses.Primaries)));

    /// <summary>As the kernel has routes for them: the last address of each subnet of more than two.</summary>
    private static IEnumerable<IpAddress> Broadcasts(NetworkSnapshot network) => network.Addresses
        .Where(a
            => a.Local.AddressFamily == AddressFamily.InterNetwork
                && a is { PrefixLength: > 0 and < LongestBroadcastPrefix, Scope: not AddressScope.Host, Peer: null })
        .Select(a => IpAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(a.Local.GetAddressBytes()) | uint.MaxValue >> a.PrefixLength))
        .Distinct()
        .Order();

    private static NodeSettings Settings(NodeOptions options, Model.Node? node, ulong netnsCookie) => new()
    {
        HostNetnsCookie = netnsCookie,
        Pods4 = options.Detector.RangesOf(IpFamily.IPv4, node),
        Pods6 = options.Detector.RangesOf(IpFamily.IPv6, node),
        DetectByDevice = options.Detector.IsByDevice,
        MasqueradeAll = options.MasqueradeAll,
        AlwaysSnat = options.AlwaysSnat,
        HostSocketsOnly = options.HostSocketsOnly,
        ProtectNodePorts = options.ProtectNodePorts,
        LoopbackNodePorts4 = options.LocalhostNodePorts && options.NodePortAddresses.AllowLoopback4,
        LoopbackNodePorts6 = options.LocalhostNodePorts && options.NodePortAddresses.NameLoopback6,
        Events = options.DropEvents,
        NodePorts = options.NodePorts,
        SnatPorts = options.SnatPorts,
    };
}
