using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Devices that come while the agent runs, tunnels between nodes, and a second uplink. Each test has a cluster of its own.
/// </summary>
public sealed class DeviceTests : IDisposable
{
    private readonly TestCluster cluster = new();

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_second_uplink_that_appears_is_served_and_answers_leave_by_it(Family family)
    {
        var service = cluster.Publish("a", "c");
        var side = AddSideClient();
        using var probe = NetProbe.Start(side);
        var to = family == Family.IPv6 ? $"[2001:db8:2::1]:{service.NodePort}" : $"192.0.2.1:{service.NodePort}";

        Eventually.True(() => probe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) }).IsClean,
            () => $"the new address to answer. Log:\n{cluster.First.Agent.EndOfLog}");
        // To this source the node's routes lead out by the first uplink. Of several IPv6 default routes a program is only ever told the
        // best one, so there the answer leaves by the node's own choice (docs/datapath/packets.md).
        var from = family == Family.IPv6 ? "2001:db8:2::2" : "198.18.0.1";
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            var report = probe.Load(new LoadSpec(mode, to) { Count = 40, From = from });

            Assert.True(report.IsClean, report.Line);
            Assert.Equal(2, report.Names.Count);
        }
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_remote_backend_behind_a_vxlan_tunnel_is_reached(Family family)
    {
        var service = cluster.Publish("c");
        TestCluster.AddTunnel(cluster.First.Netns, cluster.Second.Netns);
        TestCluster.AddTunnel(cluster.Second.Netns, cluster.First.Netns);
        var to = service.Address(cluster, Way.NodePortOfFirst, family);
        var node = family == Family.IPv6 ? "fd00:99::1" : "10.99.0.1";

        Eventually.True(() => cluster.Probe.Load(
                new LoadSpec(LoadMode.Tcp, to) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) }).By($"c@{node}") == 1,
            () => $"the tunnel to be used. Log:\n{cluster.First.Agent.EndOfLog}");
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            Assert.True(cluster.Probe.Load(mode, to, 30).IsClean);
        cluster.Probe.Do($"bulk to={to} up=50000000 down=50000000");
    }

    [Fact]
    public void Datagrams_in_pieces_go_through_a_vxlan_tunnel_that_is_too_narrow_for_them()
    {
        var service = cluster.Publish("c");
        TestCluster.AddTunnel(cluster.First.Netns, cluster.Second.Netns);
        TestCluster.AddTunnel(cluster.Second.Netns, cluster.First.Netns);
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        Eventually.True(() => cluster.Probe.Load(
                new LoadSpec(LoadMode.Udp, to) { Count = 1, Timeout = TimeSpan.FromMilliseconds(300) }).By("c@10.99.0.1") == 1,
            () => $"the tunnel to be used. Log:\n{cluster.First.Agent.EndOfLog}");

        // Pieces of 1,500 bytes. Who answers one with "fragmentation needed" has lost that datagram.
        cluster.CheckClean(cluster.Probe.Load(new LoadSpec(LoadMode.Udp, to) { Count = 20, Bytes = 4000 }));
        Assert.Equal(0, Drops.Count(cluster.First, "pkt_too_big"));
    }

    public void Dispose() => cluster.Dispose();

    /// <summary>
    /// A client on a device of its own of the first node, with a second address that the node would answer by its first uplink.
    /// </summary>
    private ProcessPlace AddSideClient()
    {
        var side = cluster.Topology.AddNode("side").Netns;
        var first = cluster.First.Netns;
        NetnsThread.Run($"/run/netns/{first.Netns}", () => File.WriteAllText("/proc/sys/net/ipv4/conf/all/rp_filter", "0"));
        first.Configure($"link add eth1 type veth peer name eth0 netns {side}", "link set eth1 up", "addr add 192.0.2.1/24 dev eth1",
            "addr add 2001:db8:2::1/64 dev eth1 nodad");
        var node = cluster.Topology.Nodes[^1];
        node.Configure(
            "link set eth0 up",
            "addr add 192.0.2.2/24 dev eth0",
            "addr add 2001:db8:2::2/64 dev eth0 nodad",
            "addr add 198.18.0.1/32 dev eth0",
            "addr add 2001:db8:77::1/128 dev eth0 nodad",
            "route add default via 192.0.2.1",
            "route add default via 2001:db8:2::1");
        first.Configure("route add default via 192.0.2.2 dev eth1 metric 5000");
        return node.Place;
    }
}
