using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>A CNI that reaches pods of other nodes by routes with an encapsulation of their own (lwtunnel), here SRv6.</summary>
public sealed class EncapsulatedRouteTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void What_the_stack_routes_reaches_the_backend_and_what_has_to_be_masqueraded_is_dropped_and_told(Family family)
    {
        var service = cluster.Publish("c");
        var pod = cluster.Pod("c");
        NetnsThread.Run(cluster.Second.Netns.Place.NetnsPath!, () =>
        {
            foreach (var device in (string[])["all", "eth0"]) File.WriteAllText($"/proc/sys/net/ipv6/conf/{device}/seg6_enabled", "1");
        });
        cluster.First.Netns.Configure($"route replace {(family == Family.IPv6 ? pod.IPv6 : pod.IPv4)} encap "
            + $"seg6 mode encap segs {cluster.Second.Netns.IPv6} dev eth0");
        using var probe = NetProbe.Start(cluster.Pod("b").Place);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            cluster.CheckClean(cluster.First.Host.Load(mode, service.Address(cluster, Way.ClusterIP, family), 10));
            cluster.CheckClean(probe.Load(mode, service.Address(cluster, Way.ClusterIP, family), 10));
            cluster.CheckClean(cluster.Probe.Load(mode, service.Address(cluster, Way.NodePortOfSecond, family), 10));
            var before = Drops.Count(cluster.First, "drop_no_route");
            Assert.Equal(0,
                cluster.Probe.Load(new LoadSpec(mode, service.Address(cluster, Way.NodePortOfFirst, family))
                {
                    Count = 1, Timeout = TimeSpan.FromMilliseconds(300),
                }).Answered);
            Assert.True(Drops.Count(cluster.First, "drop_no_route") > before, cluster.Report());
        }
    }
}
