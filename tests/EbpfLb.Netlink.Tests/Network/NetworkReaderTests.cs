using System.Net;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Netlink.Tests.Network;

/// <summary>What iproute2 made is read back as it is.</summary>
public sealed class NetworkReaderTests : IDisposable
{
    private readonly TestNamespace netns = new();
    private readonly NetworkReader reader;

    public NetworkReaderTests() => reader = netns.Open(NetworkReader.Open);

    public void Dispose()
    {
        reader.Dispose();
        netns.Dispose();
    }

    [Fact]
    public void Devices_are_read_with_kind_type_master_and_parent()
    {
        netns.Ip(
            "link add br0 type bridge",
            "link add ve0 mtu 1400 address 02:00:00:00:00:01 type veth peer name ve1",
            "link set ve0 master br0",
            "link set ve0 up",
            "link add link ve1 name mv0 type macvlan",
            "link add vx0 type vxlan id 5 dstport 4789 local 127.0.0.1",
            "tuntap add dev tun0 mode tun",
            "tuntap add dev tap0 mode tap");

        var links = reader.ReadLinks().ToDictionary(link => link.Name);

        Assert.Equal((null, LinkType.Loopback, 1), (links["lo"].Kind, links["lo"].Type, links["lo"].Index));
        Assert.Equal(("bridge", LinkType.Ethernet), (links["br0"].Kind, links["br0"].Type));
        Assert.Equal(("veth", 1400, "020000000001"), (links["ve0"].Kind, links["ve0"].Mtu, links["ve0"].Mac.ToString()));
        Assert.Equal((links["br0"].Index, links["ve1"].Index), (links["ve0"].MasterIndex, links["ve0"].ParentIndex));
        Assert.Equal((true, false), (links["ve0"].IsUp, links["ve1"].IsUp));
        Assert.Equal(("macvlan", links["ve1"].Index, 0), (links["mv0"].Kind, links["mv0"].ParentIndex, links["mv0"].MasterIndex));
        Assert.Equal(("vxlan", LinkType.Ethernet), (links["vx0"].Kind, links["vx0"].Type));
        Assert.Equal(("tun", LinkType.None), (links["tun0"].Kind, links["tun0"].Type));
        Assert.Equal(("tun", LinkType.Ethernet), (links["tap0"].Kind, links["tap0"].Type));
    }

    /// <summary>Of vxlan: the kernel of the tests may have no geneve.</summary>
    [Theory]
    [InlineData(false, "type vxlan id 5 dstport 4789 local 127.0.0.1")]
    [InlineData(false, "type vxlan id 5 dstport 4789")]
    [InlineData(true, "type vxlan id 5 dstport 4789 local ::1")]
    [InlineData(true, "type vxlan id 5 dstport 4789 remote ::1")]
    [InlineData(true, "type vxlan id 5 dstport 4789 local 127.0.0.1 df set")]
    [InlineData(true, "type vxlan external dstport 4789")]
    public void A_tunnel_that_sends_whole_packets_is_told(bool isWhole, string tunnel)
    {
        netns.Ip($"link add t0 {tunnel}");

        Assert.Equal(isWhole, reader.ReadLinks().Single(link => link.Name == "t0").SendsWhole);
    }

    /// <summary>As Docker and CNI plugins make macvlans: there the number of the device below means another one, or none.</summary>
    [Fact]
    public void The_parent_of_a_device_in_another_namespace_is_not_known_but_for_a_veth()
    {
        netns.Ip(
            "link add ve0 type veth peer name ve1", "link add link ve0 name mv0 type macvlan", "link add link ve0 name mv1 type macvlan");
        using var other = new TestNamespace();
        netns.Ip($"link set mv1 netns {other.Node.Netns}", $"link set ve1 netns {other.Node.Netns}");
        var below = reader.ReadLinks().Single(l => l.Name == "ve0").Index;

        using var there = other.Open(NetworkReader.Open);

        Assert.Equal(below, reader.ReadLinks().Single(l => l.Name == "mv0").ParentIndex);
        var links = there.ReadLinks().ToDictionary(l => l.Name, l => l.ParentIndex);
        Assert.Equal((0, below), (links["mv1"], links["ve1"]));
    }

    [Fact]
    public void Devices_that_send_frames_of_XDP_programs_are_known()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "link set ve0 up", "link set ve1 up");
        Assert.Empty(reader.Read().XdpSenders);

        Offloads.Receive(netns.Node.Place.NetnsPath!, "ve1");

        var links = reader.ReadLinks().ToDictionary(link => link.Name);
        Assert.Equal([links["ve0"].Index], reader.Read().XdpSenders);
    }

    [Fact]
    public void The_queues_that_a_device_sends_by_are_counted()
    {
        netns.Ip(
            "link add ve0 numtxqueues 3 numrxqueues 3 type veth peer name ve1 numtxqueues 1 numrxqueues 1", "link add br0 type bridge");
        var links = reader.ReadLinks().ToDictionary(link => link.Name, link => link.Index);
        using var socket = netns.Open(XdpSenders.Open);

        var channels = DeviceChannels.Read(socket, [links["ve0"], links["ve1"], links["br0"], 9999]);

        // A bridge says nothing of it.
        Assert.Equal(new Dictionary<int, int> { [links["ve0"]] = 3, [links["ve1"]] = 1 }, channels);
    }

    /// <summary>Network cards are asked in the machine's own namespace: this one has none.</summary>
    [Fact]
    public void Only_network_cards_are_asked_for_their_queues()
    {
        netns.Ip("link add ve0 type veth peer name ve1");

        Assert.Empty(reader.Read().Channels);
        Assert.Equal(["lo", "ve0", "ve1"], reader.ReadLinks().Where(l => !l.IsHardware).Select(l => l.Name).Order());
    }

    /// <summary>A veth says that it takes them off; a tap has nothing that could.</summary>
    [Fact]
    public void Devices_that_take_VLAN_tags_off_are_known()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "tuntap add dev tap0 mode tap");
        var links = reader.ReadLinks().ToDictionary(link => link.Name, link => link.Index);
        using var socket = netns.Open(XdpSenders.Open);

        var left = VlanTags.LeftInFrames(socket, [links["ve0"], links["ve1"], links["tap0"], 9999]);

        Assert.Equal([links["tap0"]], left);
    }

    [Fact]
    public void Addresses_are_read_with_scope_flags_and_peer()
    {
        netns.Ip(
            "link add ve0 type veth peer name ve1",
            "link set ve0 up",
            "link set ve1 up",
            "addr add 192.0.2.1/24 dev ve0",
            "addr add 192.0.2.2/24 dev ve0",
            "addr add 169.254.1.1/32 dev ve0 scope link",
            "addr add 10.9.0.1 peer 10.9.0.2/30 dev ve0",
            "addr add 2001:db8::1/64 dev ve0 nodad",
            "addr add 2001:db8::2/64 dev ve0 nodad preferred_lft 0");
        var index = reader.ReadLinks().Single(link => link.Name == "ve0").Index;

        // The kernel gives the link-local one when it has seen that the other end is up.
        var addresses = Eventually.Get(
            () => reader.ReadAddresses().Where(a => a.LinkIndex == index).ToDictionary(a => a.Local.ToString()),
            found => found.Values.Any(a => a.Local.IsIPv6LinkLocal), "a link-local address");

        Assert.Equal(new Address(index, IPAddress.Parse("192.0.2.1"), 24, AddressScope.Global, AddressFlags.Permanent, null),
            addresses["192.0.2.1"]);
        Assert.Equal(AddressFlags.Permanent | AddressFlags.Secondary, addresses["192.0.2.2"].Flags);
        Assert.Equal(AddressScope.Link, addresses["169.254.1.1"].Scope);
        Assert.Equal((IPAddress.Parse("10.9.0.2"), 30), (addresses["10.9.0.1"].Peer, addresses["10.9.0.1"].PrefixLength));
        Assert.Equal((AddressScope.Global, 64, null),
            (addresses["2001:db8::1"].Scope, addresses["2001:db8::1"].PrefixLength, addresses["2001:db8::1"].Peer));
        Assert.True(addresses["2001:db8::2"].Flags.HasFlag(AddressFlags.Deprecated));
        Assert.All(addresses.Values.Where(a => a.Local.IsIPv6LinkLocal), a => Assert.Equal(AddressScope.Link, a.Scope));
    }

    [Fact]
    public void Routes_are_read_with_gateway_table_and_every_next_hop()
    {
        netns.Ip(
            "link add ve0 type veth peer name ve1",
            "link set ve0 up",
            "link set ve1 up",
            "addr add 192.0.2.1/24 dev ve0",
            "addr add 2001:db8::1/64 dev ve0 nodad",
            "route add default via 192.0.2.254 metric 100",
            "route add 198.51.100.0/24 via inet6 2001:db8::fe dev ve0",
            "route add 203.0.113.0/24 nexthop via 192.0.2.10 dev ve0 nexthop via 192.0.2.11 dev ve0",
            "route add 10.1.0.0/16 via 192.0.2.9 table 77",
            "route add blackhole 10.2.0.0/16",
            "route add default via 2001:db8::fe dev ve0");
        var index = reader.ReadLinks().Single(link => link.Name == "ve0").Index;
        var routes = reader.ReadRoutes();

        var v4 = Assert.Single(routes, r => r.IsDefault && r.Family == System.Net.Sockets.AddressFamily.InterNetwork);
        Assert.Equal(new Route(IPNetwork.Parse("0.0.0.0/0"), IPAddress.Parse("192.0.2.254"), index, 254, RouteType.Unicast, 100), v4);
        Assert.Equal(
            ["192.0.2.10", "192.0.2.11"], routes.Where(r => r.Prefix.ToString() == "203.0.113.0/24").Select(r => r.Gateway!.ToString()));
        Assert.Equal("2001:db8::fe", routes.Single(r => r.Prefix.ToString() == "198.51.100.0/24").Gateway!.ToString());
        Assert.Equal(77u, routes.Single(r => r.Prefix.ToString() == "10.1.0.0/16").Table);
        Assert.Equal((RouteType.Blackhole, 0, null),
            routes.Where(r => r.Prefix.ToString() == "10.2.0.0/16").Select(r => (r.Type, r.Oif, r.Gateway)).Single());
        Assert.Equal("2001:db8::fe",
            routes.Single(r => r.IsDefault && r.Family == System.Net.Sockets.AddressFamily.InterNetworkV6).Gateway!.ToString());
        Assert.Null(routes.Single(r => r.Prefix.ToString() == "192.0.2.0/24").Gateway);
        Assert.DoesNotContain(routes, r => r.Table == 255);
    }

    [Fact]
    public void A_table_of_a_thousand_routes_arrives_whole()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "link set ve0 up", "link set ve1 up");
        netns.Ip([.. Enumerable.Range(0, 1000).Select(i => $"route add 10.{i / 250}.{i % 250}.0/24 dev ve0")]);

        Assert.Equal(1000, reader.ReadRoutes().Count(r => r.Prefix.BaseAddress.ToString().StartsWith("10.", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_socket_stays_in_the_namespace_that_it_was_opened_in()
    {
        netns.Ip("link add only-here type bridge");
        using var elsewhere = NetworkReader.Open();

        Assert.Contains(reader.ReadLinks(), link => link.Name == "only-here");
        Assert.DoesNotContain(elsewhere.ReadLinks(), link => link.Name == "only-here");
        Assert.NotEqual(elsewhere.NamespaceCookie(), reader.NamespaceCookie());
    }

    [Fact]
    public void What_changes_while_it_is_read_is_read_again()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "link set ve0 up");
        netns.Ip([.. Enumerable.Range(0, 2000).Select(i => $"route add 10.{i / 250}.{i % 250}.0/24 dev ve0")]);
        using var stop = new CancellationTokenSource();
        var changing = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) netns.Ip("route add 172.31.0.0/24 dev ve0", "route del 172.31.0.0/24 dev ve0");
        });

        for (var i = 0; i < 20; i++)
            Assert.Equal(2000, reader.ReadRoutes().Count(r => r.Prefix.BaseAddress.ToString().StartsWith("10.", StringComparison.Ordinal)));

        stop.Cancel();
        Eventually.True(() => changing.IsCompletedSuccessfully, "the changes to end");
    }
}
