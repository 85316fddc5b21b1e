using System.Net;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>The switch does not know where another machine is, and floods its frames: they reach the node, and are not for it.</summary>
public sealed class OtherMachineTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_node_neither_balances_nor_answers_frames_for_another_machine(Family family)
    {
        var (served, empty) = (cluster.Publish("a", "c"), cluster.Publish());
        var (length, via) = family == Family.IPv6 ? (128, "fd00:172:18::77") : (32, "172.18.0.77");
        cluster.Router.Configure($"neigh replace {via} lladdr 02:de:ad:be:ef:01 dev nodes nud permanent");
        foreach (var service in (OutsideService[])[served, empty])
        {
            var to = service.Address(cluster, Way.LoadBalancerIP, family);
            var vip = IPEndPoint.Parse(to).Address;
            var before = Drops.Count(cluster.First, "pkt_other_host");
            cluster.Router.Configure($"route replace {vip}/{length} via {via}");

            var report = cluster.Probe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 2, Timeout = TimeSpan.FromMilliseconds(300) });

            Assert.Equal([new("connect/ETIMEDOUT", 2)], report.Errors);
            Eventually.True(
                () => Drops.Count(cluster.First, "pkt_other_host") >= before + 2, () => $"the frames to be counted:\n{cluster.Report()}");
            Assert.DoesNotContain(vip.ToString(), cluster.First.Agent.Command("conntrack", "list").Output, StringComparison.Ordinal);
            cluster.Router.Configure($"route del {vip}/{length} via {via}");
        }
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, served.Address(cluster, Way.LoadBalancerIP, family), 20).IsClean);
    }
}
