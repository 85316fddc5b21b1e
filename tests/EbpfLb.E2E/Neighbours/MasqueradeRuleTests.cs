using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// With the masquerade rules of a CNI plugin on both nodes: all ways to a Service work, and pods go on reaching the world through those
/// rules.
/// </summary>
public abstract class MasqueradeRuleTests(TestCluster cluster)
{
    private const int OutsidePort = 9000;

    private static readonly Way[] Ways = [Way.NodePortOfFirst, Way.NodePortOfSecond, Way.ExternalIP, Way.LoadBalancerIP, Way.ClusterIP];

    public static TheoryData<string> Names { get; } = [.. RuleSets.All.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void All_ways_to_a_service_work_and_pods_reach_the_world(string name)
    {
        var rules = RuleSets.All.Single(r => r.Name == name);
        var service = cluster.Publish("a", "c");
        using var world = PodServer.Start(cluster.Client.Place, "world", $"{OutsidePort}", $"{OutsidePort}", showClient: true);
        using var pod = NetProbe.Start(cluster.Pod("b").Place);
        try
        {
            foreach (var node in cluster.Topology.Nodes) rules.Load(node);

            foreach (var family in new[] { Family.IPv4, Family.IPv6 }) AssertServed(service, pod, family);
            foreach (var family in rules.Masquerades)
            {
                foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
                {
                    var report = Load(pod, mode,
                        new IPEndPoint(family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4, OutsidePort).ToString());
                    Assert.True(report.IsClean && report.By($"world@{cluster.First.Address(family)}") == 40,
                        $"{mode} of a pod to the world: {report.Line}\n{cluster.Report()}");
                }
            }
            Assert.Equal("", rules.Unmet(cluster.Topology.Nodes[0]));
        }
        finally
        {
            foreach (var node in cluster.Topology.Nodes) RuleSet.Unload(node);
        }
    }

    private void AssertServed(OutsideService service, NetProbe pod, Family family)
    {
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            foreach (var way in Ways) AssertServed(cluster.Probe, mode, service.Address(cluster, way, family), $"{way} from outside");
            AssertServed(pod, mode, service.Address(cluster, Way.ClusterIP, family), "a pod");
            AssertServed(pod, mode, service.Address(cluster, Way.NodePortOfSecond, family), "a pod at another node's NodePort");
            // Where it is masqueraded with any port, its datagrams collide with our flows to the same backend, now and then
            // (docs/datapath/limits.md, "source ports of netfilter"): with none there is no chance that one does.
            Assert.Equal(0, cluster.First.Agent.Command("conntrack", "flush", "--all").ExitCode);
            AssertServed(cluster.First.Host, mode, service.Address(cluster, Way.ClusterIP, family), "the node");
        }
    }

    private void AssertServed(NetProbe probe, LoadMode mode, string to, string who)
    {
        var report = Load(probe, mode, to);
        Assert.True(report.IsClean && report.Names.Keys.Select(n => n[0]).Distinct().Order().SequenceEqual("ac"),
            $"{mode} {who} {to}: {report.Line}\n{cluster.Report()}");
    }

    private static LoadReport Load(NetProbe probe, LoadMode mode, string to)
        => probe.Load(new LoadSpec(mode, to) { Count = 40, Timeout = TimeSpan.FromSeconds(2) });
}

/// <summary>The node's addresses are on its uplink.</summary>
public sealed class UplinkMasqueradeRuleTests(TestCluster cluster) : MasqueradeRuleTests(cluster), IClassFixture<TestCluster>;

/// <summary>
/// They are on a bridge that has the uplink as a port, and netfilter is asked about packets at its ports, as kubeadm sets it
/// (net.bridge.bridge-nf-call-iptables): it sees them before the program at the bridge does.
/// </summary>
public sealed class BridgeMasqueradeRuleTests(BridgeMasqueradeRuleTests.Bridged bridged)
    : MasqueradeRuleTests(bridged.Cluster), IClassFixture<BridgeMasqueradeRuleTests.Bridged>
{
    public sealed class Bridged : IDisposable
    {
        public TestCluster Cluster { get; } = new(new TestClusterOptions { IsBridged = true });

        public void Dispose() => Cluster.Dispose();
    }
}
