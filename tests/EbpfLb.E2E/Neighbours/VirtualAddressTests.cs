using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// keepalived and kube-vip put a Service's load balancer address on a device of the node that has it now (the uplink; loopback where it is
/// announced by BGP). It is balanced all the same, also after it has moved: only ClusterIPs on a device are the local stack's.
/// </summary>
public sealed class VirtualAddressTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Theory]
    [InlineData("eth0", Family.IPv4)]
    [InlineData("eth0", Family.IPv6)]
    [InlineData("lo", Family.IPv4)]
    [InlineData("lo", Family.IPv6)]
    public void The_address_is_balanced_on_the_node_that_has_it_and_on_the_next(string device, Family family)
    {
        var service = cluster.Publish("a", "c");
        var to = service.Address(cluster, Way.LoadBalancerIP, family);
        var vip = IPEndPoint.Parse(to).Address;
        var prefix = $"{vip}/{(family == Family.IPv6 ? 128 : 32)}";
        var (first, second) = (cluster.First, cluster.Second);

        first.Netns.Configure($"addr add {prefix} dev {device}{(family == Family.IPv6 ? " nodad" : "")}");
        Eventually(first, vip);
        AssertBalanced(to, "on the first node");

        first.Netns.Configure($"addr del {prefix} dev {device}");
        second.Netns.Configure($"addr add {prefix} dev {device}{(family == Family.IPv6 ? " nodad" : "")}");
        cluster.Router.Route(prefix, second.Netns);
        Eventually(second, vip);
        AssertBalanced(to, "on the second node");
    }

    /// <summary>The agent knows the address as one of the node's.</summary>
    private static void Eventually(ClusterNode node, IPAddress vip)
        => Testing.Processes.Eventually.True(() => node.Agent.Command("status").Output.Contains($"{vip}", StringComparison.Ordinal),
            () => $"{vip} at {node.Name}: {node.Agent.Command("status").Output}");

    private void AssertBalanced(string to, string where)
    {
        using var pod = NetProbe.Start(cluster.Pod("b").Place);
        foreach (var (who, probe) in new[]
        {
            ("a client", cluster.Probe), ("a pod", pod), ("the first node", cluster.First.Host), ("the second node", cluster.Second.Host),
        })
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                var report = probe.Load(new LoadSpec(mode, to) { Count = 40, Timeout = TimeSpan.FromSeconds(2) });
                Assert.True(report.IsClean && report.Names.Keys.Select(n => n[0]).Distinct().Order().SequenceEqual("ac"),
                    $"{mode} of {who}, {where}: {report.Line}\n{cluster.Report()}");
            }
        }
    }
}
