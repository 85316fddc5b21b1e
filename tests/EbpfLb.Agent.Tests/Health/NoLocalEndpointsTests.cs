using EbpfLb.Agent.Health;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Health;

/// <summary>docs/contract.md 15: svcports with policy Local, a usable endpoint somewhere, and none here.</summary>
public sealed class NoLocalEndpointsTests
{
    private readonly ClusterBuilder cluster = new();

    private string[] Count() =>
    [
        .. NoLocalEndpoints.Count(ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { NodeName = "n1" }, null))
            .Where(r => r.Ports > 0).Select(r => $"{r.Family} {r.Policy} {r.Ports}").Order(StringComparer.Ordinal),
    ];

    private void Service(string name, int number, TrafficPolicy inside, TrafficPolicy outside, params string[] endpoints) => cluster
        .Service(name, [$"10.96.0.{number}"], [$":80@{30000 + number}"], type: ServiceType.NodePort, inside: inside, outside: outside)
        .Slice($"{name}-1", name, [":8080"], endpoints);

    [Contract("15", "no local endpoints: ports with policy Local, endpoints somewhere and none here, by policy")]
    [Fact]
    public void Those_with_endpoints_on_other_nodes_only_count_by_policy()
    {
        Service("both", 1, TrafficPolicy.Local, TrafficPolicy.Local, "10.1.0.1 node=n2");
        Service("outside", 2, TrafficPolicy.Cluster, TrafficPolicy.Local, "10.1.0.2 node=n2");
        Assert.Equal(["IPv4 external 2", "IPv4 internal 1"], Count());
    }

    [Contract("15", "no local endpoints: ports with policy Local, endpoints somewhere and none here, by policy")]
    [Fact]
    public void Those_with_a_local_endpoint_or_without_any_or_with_policy_Cluster_do_not()
    {
        Service("here", 1, TrafficPolicy.Local, TrafficPolicy.Local, "10.1.0.1 node=n1", "10.1.0.2 node=n2");
        Service("terminating", 2, TrafficPolicy.Local, TrafficPolicy.Local, "10.1.0.3 node=n1 terminating");
        Service("none", 3, TrafficPolicy.Local, TrafficPolicy.Local, "10.1.0.4 node=n2 unready");
        Service("cluster", 4, TrafficPolicy.Cluster, TrafficPolicy.Cluster, "10.1.0.5 node=n2");
        Assert.Empty(Count());
    }

    [Fact]
    public void Every_series_is_there_from_the_start() => Assert.Equal(4, NoLocalEndpoints.Count(null).Count);

    [Fact]
    public void Counting_at_each_scrape_costs_little_among_many_services()
    {
        var table = ForwardingCompiler.Compile(new LargeCluster(10_000, 5).Build(), PolicyOptions.Default, null);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.All(NoLocalEndpoints.Count(table), r => Assert.Equal(0, r.Ports));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 64 * 1024);
    }
}
