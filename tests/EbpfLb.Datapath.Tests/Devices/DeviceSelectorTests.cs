using EbpfLb.Datapath.Devices;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Tests.Devices;

/// <summary>Which devices get programs, and the reason that people read.</summary>
public sealed class DeviceSelectorTests
{
    [Theory]
    [InlineData(null, LinkType.Ethernet, "eth0: attached: a physical device")]
    [InlineData("bond", LinkType.Ethernet, "eth0: attached: a bond")]
    [InlineData("team", LinkType.Ethernet, "eth0: attached: a team")]
    [InlineData("vlan", LinkType.Ethernet, "eth0: attached: a VLAN")]
    [InlineData("vxlan", LinkType.Ethernet, "eth0: attached: a vxlan device")]
    [InlineData("geneve", LinkType.Ethernet, "eth0: attached: a geneve device")]
    [InlineData("macvlan", LinkType.Ethernet, "eth0: attached: a macvlan device")]
    [InlineData("gretap", LinkType.Ethernet, "eth0: attached: a gretap device")]
    [InlineData("gre", LinkType.IpGre, "eth0: attached: a gre device")]
    [InlineData("ipip", LinkType.Tunnel, "eth0: attached: an ipip device")]
    [InlineData("ip6tnl", LinkType.Tunnel6, "eth0: attached: an ip6tnl device")]
    [InlineData("sit", LinkType.Sit, "eth0: attached: a sit device")]
    [InlineData("wireguard", LinkType.None, "eth0: attached: a wireguard device")]
    [InlineData(null, LinkType.Ppp, "eth0: attached: a physical device")]
    [InlineData("tun", LinkType.None, "eth0: left alone: a tun without an address")]
    [InlineData("tun", LinkType.Ethernet, "eth0: left alone: a tap without an address")]
    [InlineData("bridge", LinkType.Ethernet, "eth0: left alone: a bridge without an address")]
    [InlineData("veth", LinkType.Ethernet, "eth0: left alone: a veth without an address")]
    [InlineData("netkit", LinkType.Ethernet, "eth0: left alone: a netkit device without an address")]
    [InlineData("dummy", LinkType.Ethernet, "eth0: left alone: a dummy device: nothing comes in by it")]
    [InlineData("vrf", LinkType.Ethernet, "eth0: left alone: a vrf device: nothing comes in by it")]
    [InlineData("openvswitch", LinkType.Ethernet,
        "eth0: left alone: kind openvswitch is not known to lead outside; name it by --devices if it does")]
    [InlineData(null, LinkType.Infiniband, "eth0: left alone: its packets begin neither with an Ethernet nor with an IP header (type 32)")]
    public void A_device_is_decided_by_its_kind(string? kind, LinkType type, string decision)
        => Assert.Equal(decision, Decide(new Net().Device("eth0", kind, type)));

    /// <summary>What ethtool says of a veth or a VLAN is no answer; a bond's ports are asked, all of them.</summary>
    [Fact]
    public void Tags_are_in_the_frames_of_hardware_that_leaves_them_there_and_of_bonds_of_nothing_else()
    {
        var net = new Net().Device("eth0").Device("eth1").Device("tap0", "tun").Device("ve0", "veth").Device("bond0", "bond")
            .Device("p0", master: "bond0").Device("p1", master: "bond0").Device("bond1", "bond").Device("p2", master: "bond1")
            .Device("p3", master: "bond1").Device("bond2", "bond").Device("eth0.7", "vlan", parent: "eth0");
        var snapshot = net.Snapshot with
        {
            TagsInFrames = new[] { "eth0", "tap0", "ve0", "p0", "p1", "p2", "bond1", "bond2", "eth0.7" }.Select(net.IndexOf).ToHashSet(),
        };

        Assert.Equal(
            ["eth0", "tap0", "bond0", "p0", "p1", "p2"],
            DeviceSelector.Select(snapshot, new DeviceOptions([], [], [])).Where(d => d.HasTagsInFrames).Select(d => d.Link.Name));
    }

    [Fact]
    public void A_device_knows_the_first_VLAN_on_it()
    {
        var net = new Net().Device("eth0").Device("bond0", "bond").Device("eth0.8", "vlan", parent: "eth0")
            .Device("eth0.7", "vlan", parent: "eth0").Device("mac0", "macvlan", parent: "bond0");

        Assert.Equal(
            ["eth0 eth0.8", "bond0 ", "eth0.8 ", "eth0.7 ", "mac0 "],
            DeviceSelector.Select(net.Snapshot, new DeviceOptions([], [], [])).Skip(1).Select(d => $"{d.Link.Name} {d.Vlan}"));
    }

    [Fact]
    public void A_VLAN_knows_the_device_that_it_is_on_unless_that_is_excluded()
    {
        var net = new Net().Device("eth0").Device("eth1").Device("eth2")
            .Vlan("eth0.7", "eth0", 7).Vlan("eth1.7", "eth1", 7).Vlan("eth2.7", "eth2", 7).Device("mac0", "macvlan", parent: "eth0");
        var snapshot = net.Snapshot with { TagsInFrames = new HashSet<int> { net.IndexOf("eth1"), net.IndexOf("eth2") } };

        Assert.Equal(
            [("eth0.7", "eth0", false), ("eth1.7", "eth1", true)],
            DeviceSelector.Select(snapshot, new DeviceOptions([], [NamePattern.Parse("eth2")], [])).Where(d => d.Lower is not null)
                .Select(d => (d.Link.Name, d.Lower!.Value.Link.Name, d.Lower.Value.HasTagsInFrames)));
    }

    [Theory]
    [InlineData(null, "eth0: attached: carries the default route")]
    [InlineData("bridge", "eth0: attached: carries the default route")]
    [InlineData("veth", "eth0: attached: carries the default route")]
    [InlineData("openvswitch", "eth0: attached: carries the default route")]
    [InlineData("tun", "eth0: attached: carries the default route")]
    [InlineData("dummy", "eth0: left alone: a dummy device: nothing comes in by it")]
    public void An_address_and_the_default_route_make_an_uplink(string? kind, string decision)
        => Assert.Equal(
            decision, Decide(new Net().Device("eth0", kind).Address("eth0", "192.0.2.1/24").Route("eth0", "0.0.0.0/0", "192.0.2.254")));

    [Theory]
    [InlineData("bridge", "eth0: left alone: a bridge without a route to a gateway")]
    [InlineData("veth", "eth0: left alone: a veth without a route to a gateway")]
    [InlineData("tun", "eth0: attached: a tap")]
    public void An_address_alone_makes_no_uplink_of_what_pods_hang_on(string kind, string decision)
        => Assert.Equal(decision, Decide(new Net().Device("eth0", kind).Address("eth0", "10.244.0.1/24").Route("eth0", "10.244.0.0/24")));

    [Theory]
    [InlineData("bridge", "192.168.77.1/24", "eth0: attached: a bridge whose addresses are not pods'")]
    [InlineData("veth", "192.168.77.1/24", "eth0: attached: a veth whose addresses are not pods'")]
    [InlineData("bridge", "10.244.3.1/24", "eth0: left alone: a bridge whose addresses are pods'")]
    [InlineData("veth", "10.245.3.1/32", "eth0: left alone: a veth whose addresses are pods'")]
    [InlineData("bridge", "10.0.0.1/8", "eth0: left alone: a bridge whose addresses are pods'")]
    [InlineData("bridge", "fd00:77::1/64", "eth0: left alone: a bridge without a route to a gateway")]
    public void Clients_are_behind_a_bridge_or_veth_whose_addresses_are_known_not_to_be_pods(string kind, string address, string decision)
        => Assert.Equal(decision, Decide(
            new Net().Device("eth0", kind).Address("eth0", address),
            DeviceOptions.Default with { PodRanges = [SourceRange.Parse("10.244.0.0/16"), SourceRange.Parse("10.245.0.0/16")] }));

    [Fact]
    public void Where_nothing_tells_pods_from_clients_the_device_is_undecided_with_its_addresses()
    {
        var net = new Net().Device("virbr0", "bridge").Address("virbr0", "192.168.77.1/24").Device("p-a", "veth").Device("eth0")
            .Address("eth0", "192.0.2.1/24");
        Assert.Equal(["", "192.168.77.0/24", "", ""], DeviceSelector.Select(net.Snapshot, DeviceOptions.Default).Select(d => d.Undecided));
        Assert.All(DeviceSelector.Select(net.Snapshot, DeviceOptions.Default with { Excluded = Patterns("virbr0") }),
            d => Assert.Equal("", d.Undecided));
        Assert.All(DeviceSelector.Select(net.Snapshot, DeviceOptions.Default with { Only = Patterns("eth0") }),
            d => Assert.Equal("", d.Undecided));
    }

    [Fact]
    public void An_address_that_only_means_something_on_the_link_does_not_count()
        => Assert.Equal("cali1: left alone: a veth without an address", Decide(
            new Net().Device("cali1", "veth").Address("cali1", "169.254.1.1/32", AddressScope.Link)
                .Address("cali1", "fe80::1/64", AddressScope.Link)
                .Route("cali1", "10.244.9.0/24", "169.254.1.9")));

    [Fact]
    public void A_route_to_a_gateway_that_is_no_default_route_is_enough()
        => Assert.Equal("br0: attached: carries a route to a gateway", Decide(
            new Net().Device("br0", "bridge").Address("br0", "192.0.2.1/24").Route("br0", "10.0.0.0/8", "192.0.2.9")));

    [Fact]
    public void A_device_that_is_down_is_attached_so_that_it_is_served_when_it_comes_up_but_not_an_unused_tunnel()
    {
        Assert.Equal("eth1: attached: a physical device", Decide(new Net().Device("eth1", up: false)));
        Assert.Equal("tunl0: left alone: a tunnel that is down", Decide(new Net().Device("tunl0", "ipip", LinkType.Tunnel, up: false)));
    }

    [Fact]
    public void Ports_belong_to_their_bridge_or_bond_but_a_VRF_owns_nothing()
    {
        var net = new Net().Device("br0", "bridge").Device("bond0", "bond").Device("blue", "vrf")
            .Device("eth0", master: "bond0").Device("eth1", master: "br0").Device("eth2", master: "blue")
            .Address("br0", "192.0.2.1/24").Route("br0", "::/0", "fe80::9");
        Assert.Equal(
            [
                "lo: left alone: the loopback device",
                "br0: attached: carries the default route",
                "bond0: attached: a bond",
                "blue: left alone: a vrf device: nothing comes in by it",
                "eth0: left alone: belongs to bond0",
                "eth1: left alone: belongs to br0",
                "eth2: attached: a physical device",
            ],
            DeviceSelector.Select(net.Snapshot, DeviceOptions.Default).Select(d => d.ToString()));
    }

    [Fact]
    public void The_user_decides_over_all_but_loopback_and_what_cannot_be_read()
    {
        var net = new Net().Device("eth0").Device("eth1").Device("bond0", "bond").Device("cali1", "veth").Device("veth9", "veth")
            .Device("ib0", type: LinkType.Infiniband);
        var options = new DeviceOptions(Patterns("veth9", "bond+", "ib0", "eth1", "lo"), Patterns("eth*"), Patterns("cali*"));
        Assert.Equal(
            [
                "lo: left alone: the loopback device",
                "eth0: left alone: excluded by --exclude-devices",
                "eth1: left alone: excluded by --exclude-devices",
                "bond0: attached: named by --devices",
                "cali1: attached: named by --pod-device",
                "veth9: attached: named by --devices",
                "ib0: left alone: its packets begin neither with an Ethernet nor with an IP header (type 32)",
            ],
            DeviceSelector.Select(net.Snapshot, options).Select(d => d.ToString()));
    }

    [Fact]
    public void With_a_list_of_devices_no_other_is_an_uplink()
        => Assert.Equal("eth0: left alone: not named by --devices", Decide(
            new Net().Device("eth0").Route("eth0", "0.0.0.0/0", "192.0.2.1"), new DeviceOptions(Patterns("eth1"), [], [])));

    [Theory]
    [InlineData("eth0", DeviceRole.Uplink)]
    [InlineData("cali1", DeviceRole.Pod)]
    [InlineData("lo", DeviceRole.None)]
    public void Roles_follow_from_who_is_behind(string device, DeviceRole role)
    {
        var net = new Net().Device("eth0").Device("cali1", "veth");
        var options = DeviceOptions.Default with { Pods = Patterns("cali+") };
        Assert.Equal(role, DeviceSelector.Select(net.Snapshot, options).Single(d => d.Link.Name == device).Role);
    }

    [Theory]
    [InlineData(LinkType.Ethernet, true)]
    [InlineData(LinkType.None, false)]
    [InlineData(LinkType.Tunnel, false)]
    [InlineData(LinkType.Ip6Gre, false)]
    [InlineData(LinkType.RawIp, false)]
    public void Devices_without_an_Ethernet_header_are_known_as_such(LinkType type, bool hasEthernet)
        => Assert.Equal(
            hasEthernet, DeviceSelector.Select(new Net().Device("x", type: type).Snapshot, DeviceOptions.Default)[1].HasEthernet);

    [Fact]
    public void What_looks_like_an_uplink_and_has_no_program_leads_away()
    {
        var net = new Net().Device("eth0").Device("eth1").Device("cali1", "veth").Device("br0", "bridge").Device("eth2", master: "br0");
        foreach (var options in (DeviceOptions[])[
            DeviceOptions.Default with { Excluded = Patterns("eth1", "cali1") }, DeviceOptions.Default with { Only = Patterns("eth0") }])
            Assert.Equal(["eth1"], DeviceSelector.Select(net.Snapshot, options).Where(d => d.LeadsAway).Select(d => d.Link.Name));
        Assert.DoesNotContain(DeviceSelector.Select(net.Snapshot, DeviceOptions.Default), d => d.LeadsAway);
    }

    private static NamePattern[] Patterns(params string[] texts) => [.. texts.Select(NamePattern.Parse)];

    private static string Decide(Net net, DeviceOptions? options = null)
        => DeviceSelector.Select(net.Snapshot, options ?? DeviceOptions.Default)[1].ToString();
}
