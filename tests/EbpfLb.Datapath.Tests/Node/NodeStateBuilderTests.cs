using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tests.Devices;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing;

namespace EbpfLb.Datapath.Tests.Node;

/// <summary>What programs are told of a node, from its network and options.</summary>
public sealed class NodeStateBuilderTests
{
    [Contract("5.2", "note 6: SNAT to an address of the device, any free port; no mark bits")]
    [Fact]
    public void The_source_of_a_device_is_its_first_usable_address()
    {
        var device = Device("eth0", new Net().Device("eth0")
            .Address("eth0", "192.0.2.9/24", flags: AddressFlags.Deprecated)
            .Address("eth0", "169.254.0.1/16", AddressScope.Link)
            .Address("eth0", "192.0.2.1/24")
            .Address("eth0", "192.0.2.2/24", flags: AddressFlags.Secondary)
            .Address("eth0", "2001:db8::8/64", flags: AddressFlags.Tentative)
            .Address("eth0", "2001:db8::9/64", flags: AddressFlags.Secondary)
            .Address("eth0", "fe80::1/64", AddressScope.Link)
            .Address("eth0", "2001:db8::1/64"));
        Assert.Equal(("192.0.2.1", "2001:db8::1"), (device.Snat4.ToString(), device.Snat6.ToString()));
    }

    /// <summary>The newest comes first, as the kernel has IPv6 addresses; keepalived and kube-vip set such ones, which move.</summary>
    [Fact]
    public void An_address_that_may_move_to_another_node_is_no_source_while_there_is_another()
    {
        var net = new Net().Device("eth0").Address("eth0", "2001:db8::80/128").Address("eth0", "2001:db8::2/64")
            .Address("eth0", "2001:db8::1/64").Route("eth0", "::/0", "fe80::ff");
        Assert.Equal("2001:db8::2", Device("eth0", net).Snat6.ToString());
        Assert.Equal("2001:db8::1", Device("eth0", net, Node("192.0.2.1", "2001:db8::1")).Snat6.ToString());
        Assert.Equal("2001:db8::80", Device("eth0", net, Node("192.0.2.1", "2001:db8::80")).Snat6.ToString());
        Assert.Equal("2001:db8::80", Device("eth0", new Net().Device("eth0").Address("eth0", "2001:db8::80/128")).Snat6.ToString());
    }

    /// <summary>XDP gives them to the device below, with the tag; where a tag has more than a number, it does not.</summary>
    [Fact]
    public void Frames_of_a_VLAN_are_sent_by_the_device_below()
    {
        var net = new Net().Device("eth0").Queues("eth0", 2).Device("ve0", "veth")
            .Vlan("eth0.7", "eth0", 7).Vlan("ve0.8", "ve0", 8).Vlan("eth0.9", "eth0", 0);
        var snapshot = net.Snapshot with { XdpSenders = new HashSet<int> { net.IndexOf("eth0"), net.IndexOf("ve0") } };

        var state = NodeStateBuilder.Build(
            snapshot, DeviceSelector.Select(snapshot, new DeviceOptions([], [], [])), new NodeOptions(), node: null,
            netnsCookie: 0, cpus: 2);

        Assert.Equal(
            [
                ("eth0.7", (uint)net.IndexOf("eth0"), (ushort)7, true, true), ("ve0.8", (uint)net.IndexOf("ve0"), (ushort)8, true, false),
                ("eth0.9", 0u, (ushort)0, false, true),
            ],
            state.Devices.Where(d => d.Name.Contains('.', StringComparison.Ordinal))
                .Select(d => (d.Name, d.Lower, d.Vlan, d.SendsFrames, d.SendsOwnFrames)));
    }

    /// <summary>By the number of the CPU: mlx5 and i40e have no queue for some, and lose what those give them.</summary>
    [Theory]
    [InlineData(8, true)]
    [InlineData(4, false)]
    [InlineData(null, false)]
    public void A_network_card_with_fewer_queues_than_CPUs_sends_only_its_own_frames(int? queues, bool sends)
    {
        var net = new Net().Device("eth0").Device("ve0", "veth").Device("bond0", "bond").Device("eth1", master: "bond0")
            .Vlan("eth0.7", "eth0", 7);
        if (queues is { } count) net.Queues("eth0", count).Queues("eth1", count);
        var snapshot = net.Snapshot with { XdpSenders = new[] { "eth0", "ve0", "bond0" }.Select(net.IndexOf).ToHashSet() };

        var state = NodeStateBuilder.Build(
            snapshot, DeviceSelector.Select(snapshot, new DeviceOptions([], [], [])), new NodeOptions(), node: null,
            netnsCookie: 0, cpus: 8);

        // A bond's own may have to leave by another port.
        Assert.Equal(
            [("eth0", sends, true), ("ve0", true, false), ("bond0", sends, sends), ("eth0.7", sends, true)],
            state.Devices.Where(d => d.Name != "eth1").Select(d => (d.Name, d.SendsFrames, d.SendsOwnFrames)));
    }

    [Fact]
    public void The_queues_that_are_missing_are_named_with_the_command_that_adds_some()
    {
        var snapshot = new Net().Device("bond0", "bond").Device("eth1", master: "bond0").Queues("eth1", 4).Device("ve0", "veth").Snapshot;

        Assert.Equal("eth1 has 4 queues for 8 CPUs (more, if the driver has them: ethtool -L eth1 combined 8)", Problem("bond0"));
        Assert.Null(Problem("ve0"));
        Assert.Equal("the driver of eth1 does not say how many queues it has",
            SendQueues.Problem(LinkOf("eth1"), snapshot with { Channels = new Dictionary<int, int>() }, 8));

        string? Problem(string name) => SendQueues.Problem(LinkOf(name), snapshot, 8);
        Link LinkOf(string name) => snapshot.Links.Single(l => l.Name == name);
    }

    [Fact]
    public void An_address_beside_the_router_is_preferred()
        => Assert.Equal("198.51.100.1", Device("eth0", new Net().Device("eth0")
            .Address("eth0", "192.0.2.1/24").Address("eth0", "198.51.100.1/24").Route("eth0", "0.0.0.0/0", "198.51.100.254"))
            .Snat4.ToString());

    [Fact]
    public void Of_several_routers_that_of_the_best_default_route_decides()
        => Assert.Equal("203.0.113.1", Device("eth0", new Net().Device("eth0")
            .Address("eth0", "192.0.2.1/24").Address("eth0", "198.51.100.1/24").Address("eth0", "203.0.113.1/24")
            .Route("eth0", "10.0.0.0/8", "192.0.2.254").Route("eth0", "0.0.0.0/0", "198.51.100.254", 200)
            .Route("eth0", "0.0.0.0/0", "203.0.113.254", 100)).Snat4.ToString());

    [Fact]
    public void A_device_without_an_address_sends_from_the_primary_one_of_the_node_object()
    {
        var net = new Net().Device("eth0").Device("eth1").Device("cali1", "veth").Address("eth0", "192.0.2.1/24")
            .Address("eth1", "198.51.100.1/24")
            .Route("eth0", "0.0.0.0/0", "192.0.2.254");
        Assert.Equal("192.0.2.1", Device("cali1", net).Snat4.ToString());
        Assert.Equal("198.51.100.1", Device("cali1", net, Node("203.0.113.77", "198.51.100.1")).Snat4.ToString());
        Assert.Null(Device("cali1", net).Snat6);
    }

    [Fact]
    public void An_address_on_loopback_can_be_the_primary_one_but_127_cannot()
    {
        var net = new Net().Device("eth0").Address("lo", "127.0.0.1/8", AddressScope.Host).Address("lo", "127.0.0.2/8")
            .Address("lo", "192.0.2.1/32");
        Assert.Equal("192.0.2.1", Device("eth0", net).Snat4.ToString());
    }

    [Fact]
    public void ClusterIPs_on_a_device_are_the_local_stacks_but_not_those_that_kube_proxys_ipvs_mode_left()
    {
        var net = new Net().Device("eth0").Device("nodelocaldns", "dummy").Device("kube-ipvs0", "dummy").Address("eth0", "192.0.2.1/24")
            .Address("nodelocaldns", "10.96.0.10/32").Address("kube-ipvs0", "10.96.0.10/32").Address("kube-ipvs0", "10.96.0.1/32")
            .Address("lo", "127.0.0.1/8");
        var state = NodeStateBuilder.Build(
            net.Snapshot, DeviceSelector.Select(net.Snapshot, DeviceOptions.Default), NodeOptions.Default, null, 0, cpus: 2);
        Assert.Equal(["192.0.2.0/24"], state.Network.UplinkSubnets.Select(s => s.ToString()));
        Assert.Equal(["10.96.0.10", "192.0.2.1"], state.Network.Addresses.Order().Select(a => a.ToString()));
    }

    [Fact]
    public void Every_device_but_loopback_is_told_with_its_role()
    {
        var net = new Net().Device("eth0").Device("cali1", "veth").Device("docker0", "bridge");
        var options = NodeOptions.Default with
        {
            Devices = DeviceOptions.Default with { Pods = [NamePattern.Parse("cali+")] },
            Detector = new PodDetector(DetectLocalMode.BridgeInterface, [], "docker0"),
        };
        var state = Build(net, options);
        Assert.Equal([(2u, false, false), (3u, true, false), (4u, false, true)], state.Devices.Select(d => (d.Ifindex, d.Pod, d.Detect)));
        Assert.True(state.Settings.DetectByDevice);
    }

    /// <summary>XDP_TX at a bond is XDP_TX at a port, or a redirection to another.</summary>
    [Fact]
    public void A_device_sends_its_own_frames_back_unless_it_is_a_veth_or_a_bond_with_one()
    {
        var net = new Net().Device("eth0").Device("eth1", "veth").Device("bond0", "bond").Device("p0", master: "bond0")
            .Queues("p0", 2).Device("bond1", "bond").Device("p1", master: "bond1").Device("p2", "veth", master: "bond1");

        Assert.Equal(["eth0", "bond0", "p0", "p1"], Build(net).Devices.Where(d => d.SendsOwnFrames).Select(d => d.Name));
    }

    [Contract("5.2", "note 9: all addresses of the node are local sources, a VIP on it too")]
    [Fact]
    public void What_tunnels_put_around_a_packet_may_be_cut_but_not_that_of_IP_in_IP()
    {
        var net = new Net().Device("eth0").Device("vx", "vxlan").Device("gv", "geneve").Device("wg", "wireguard").Device("t", "ipip")
            .Device("g", "gretap");
        Assert.Equal(["vx", "gv", "wg"], Build(net).Devices.Where(d => d.Wraps).Select(d => d.Name));
        var overIPv6 = net.Snapshot with { Links = [.. net.Snapshot.Links.Select(l => l with { SendsWhole = l.Kind == Link.Vxlan })] };
        var devices = DeviceSelector.Select(overIPv6, new DeviceOptions([], [], []));
        Assert.Equal(["gv", "wg"], NodeStateBuilder.Build(overIPv6, devices, new NodeOptions(), node: null, netnsCookie: 0, cpus: 2)
            .Devices.Where(d => d.Wraps).Select(d => d.Name));
    }

    [Fact]
    public void Addresses_are_told_once_without_loopback_and_those_of_others()
    {
        var net = new Net().Device("eth0").Device("eth1").Address("lo", "127.0.0.1/8", AddressScope.Host)
            .Address("lo", "::1/128", AddressScope.Host)
            .Address("eth0", "192.0.2.1/24").Address("eth0", "fe80::1/64", AddressScope.Link)
            .Address("eth1", "fe80::1/64", AddressScope.Link)
            .Address("eth1", "192.0.2.7/24", flags: AddressFlags.DadFailed);
        Assert.Equal(["192.0.2.1 (NodePorts)", "fe80::1 (NodePorts)"], Build(net).Addresses.Select(a => a.ToString()));
        Assert.Equal(
            ["192.0.2.1 (NodePorts)", "fe80::1"],
            Build(net, NodeOptions.Default with { NodePortAddresses = NodePortAddresses.Parse("primary") }, Node("192.0.2.1"))
                .Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void The_broadcasts_of_subnets_are_told()
        => Assert.Equal(
            ["10.1.255.255", "192.0.2.127"], Build(new Net().Device("eth0").Device("eth1").Address("lo", "127.0.0.1/8", AddressScope.Host)
            .Address("eth0", "192.0.2.1/25").Address("eth0", "192.0.2.2/25").Address("eth1", "10.1.0.1/16").Address("eth1", "10.9.0.0/31")
            .Address("eth1", "10.9.1.1/32").Address("eth1", "2001:db8::1/64"))
            .Broadcasts.Select(a => a.ToString()));

    [Fact]
    public void Without_a_node_object_primary_means_the_address_beside_the_default_router()
    {
        var net = new Net().Device("eth0").Device("eth1").Address("eth0", "198.51.100.1/24").Address("eth1", "192.0.2.1/24")
            .Route("eth1", "0.0.0.0/0", "192.0.2.254");
        Assert.Equal(
            ["192.0.2.1 (NodePorts)", "198.51.100.1"],
            Build(net, NodeOptions.Default with { NodePortAddresses = NodePortAddresses.Parse("primary") })
                .Addresses.Select(a => a.ToString()));
    }

    [Contract("5.3", "ClusterCIDR: the ranges of each family (kube-proxy: one); none, no detector")]
    [Fact]
    public void The_cluster_range_tells_pods_family_by_family()
    {
        var settings = Build(new Net(),
            NodeOptions.Default with { Detector = new PodDetector(DetectLocalMode.ClusterCIDR, [SourceRange.Parse("fd00:10::/56")], null) })
            .Settings;
        Assert.Equal(((ValueList<SourceRange>)[], (ValueList<SourceRange>)[SourceRange.Parse("fd00:10::/56")], false),
            (settings.Pods4, settings.Pods6, settings.DetectByDevice));
    }

    [Fact]
    public void Several_ranges_of_a_family_are_all_pods_and_what_is_in_another_is_left_out()
    {
        ValueList<SourceRange> ranges = [.. new[]
        {
            "100.64.0.0/16", "10.0.0.0/16", "10.0.4.0/24", "10.2.0.0/16", "10.0.0.0/16", "fd00:10::/56",
        }.Select(SourceRange.Parse)];
        var settings = Build(new Net(), NodeOptions.Default with { Detector = new PodDetector(DetectLocalMode.ClusterCIDR, ranges, null) })
            .Settings;
        Assert.Equal("[10.0.0.0/16, 10.2.0.0/16, 100.64.0.0/16]", settings.Pods4.ToString());
        Assert.Equal("[fd00:10::/56]", settings.Pods6.ToString());
    }

    [Contract("5.3", "NodeCIDR: podCIDRs of the own Node, waited for; a change is followed without a restart")]
    [Fact]
    public void The_range_of_the_node_object_tells_pods_once_it_is_known()
    {
        var options = NodeOptions.Default with { Detector = new PodDetector(DetectLocalMode.NodeCIDR, [], null) };
        Assert.True(Build(new Net(), options).Settings.Pods4.IsEmpty);
        var node = Node("192.0.2.1") with { PodCidrs = ["10.244.3.0/24", "fd00:10:3::/64"] };
        var settings = Build(new Net(), options, node).Settings;
        Assert.Equal(("[10.244.3.0/24]", "[fd00:10:3::/64]"), (settings.Pods4.ToString(), settings.Pods6.ToString()));
    }

    [Fact]
    public void Options_arrive_in_the_settings()
    {
        var settings = Build(new Net(), new NodeOptions
        {
            MasqueradeAll = true, AlwaysSnat = true, HostSocketsOnly = true, ProtectNodePorts = true, DropEvents = true,
            NodePorts = new(20000, 20100), SnatPorts = new(61000, 61010), NodePortAddresses = NodePortAddresses.Parse("localhost"),
        }).Settings;
        Assert.Equal(
            new NodeSettings
            {
                HostNetnsCookie = 4711, MasqueradeAll = true, AlwaysSnat = true, HostSocketsOnly = true, ProtectNodePorts = true,
                Events = true,
                NodePorts = new(20000, 20100), SnatPorts = new(61000, 61010), LoopbackNodePorts4 = true, LoopbackNodePorts6 = true,
            },
            settings);
        Assert.False(Build(new Net(), NodeOptions.Default with { LocalhostNodePorts = false }).Settings.LoopbackNodePorts4);
    }

    private static NodeState Build(Net net, NodeOptions? options = null, Model.Node? node = null)
    {
        options ??= NodeOptions.Default;
        return NodeStateBuilder.Build(net.Snapshot, DeviceSelector.Select(net.Snapshot, options.Devices), options, node, 4711, cpus: 2);
    }

    private static NodeDevice Device(string name, Net net, Model.Node? node = null)
        => Build(net, null, node).Devices.Single(d => d.Name == name);

    private static Model.Node Node(params string[] addresses)
        => new("n", addresses.Select(IpAddress.Parse).ToValueList(), [], null, false, []);
}
