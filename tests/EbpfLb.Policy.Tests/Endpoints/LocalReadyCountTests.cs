using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>docs/contract.md 9: what the health check port of a Service tells.</summary>
public sealed class LocalReadyCountTests
{
    private static readonly PolicyOptions OnNode1 = new() { NodeName = "node-1" };

    private readonly ClusterBuilder cluster = new();

    private HealthCheck? Compile(ForwardingTable? previous = null) => CompileTable(previous).Find(ClusterBuilder.Name("web"))!.HealthCheck;

    private ForwardingTable CompileTable(ForwardingTable? previous = null)
        => ForwardingCompiler.Compile(cluster.Build(), OnNode1, previous);

    private LocalReadyCountTests Service(
        ServiceType type = ServiceType.LoadBalancer, TrafficPolicy outside = TrafficPolicy.Local, ushort port = 30100,
        string[]? clusterIPs = null)
    {
        cluster.Service(
            "web", clusterIPs ?? ["10.96.0.1"], ["http:80@30080", "https:443@30443"], type: type, outside: outside, healthCheckPort: port);
        return this;
    }

    [Contract("9", "count: addresses of ready endpoints of this node, once over all ports")]
    [Fact]
    public void An_address_that_is_behind_several_ports_and_slices_counts_once()
    {
        Service();
        cluster.Slice("web-1", "web", ["http:8080", "https:8443"], ["10.1.0.1 node=node-1", "10.1.0.2 node=node-1"]);
        cluster.Slice("web-2", "web", ["http:8080"], ["10.1.0.2 node=node-1", "10.1.0.3 node=node-2"]);

        Assert.Equal(new HealthCheck(30100, 2), Compile());
    }

    /// <summary>docs/contract.md 19, item 10.</summary>
    [Contract("9", "count: addresses of ready endpoints of this node, once over all ports")]
    [Fact]
    public void Only_ready_endpoints_of_this_node_count_though_others_are_served()
    {
        Service();
        cluster.Slice("web-1", "web", ["http:8080"],
            ["10.1.0.1 node=node-1 terminating", "10.1.0.2 node=node-1 serving", "10.1.0.3 node=node-1 unready", "10.1.0.4",
                "10.1.0.5 node=node-2"]);

        Assert.Equal(new HealthCheck(30100, 0), Compile());
        Assert.Contains(
            CompileTable().Find(ClusterBuilder.Name("web"))!.Ports, p => p.Backends.Any(b => b.Lists.HasFlag(BackendLists.InLocal)));
    }

    [Fact]
    public void A_ready_endpoint_counts_also_while_it_terminates()
    {
        Service();
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 node=node-1 ready+terminating"]);

        Assert.Equal(1, Compile()!.LocalEndpoints);
    }

    [Fact]
    public void A_dual_stack_endpoint_counts_once()
    {
        Service(clusterIPs: ["10.96.0.1", "fd00::1"]);
        cluster.Slice("web-4", "web", ["http:8080"], ["10.1.0.1 node=node-1"]);
        cluster.Slice("web-6", "web", ["http:8080"], ["fd01::1 node=node-1", "fd01::2 node=node-1"]);

        Assert.Equal(2, Compile()!.LocalEndpoints);
    }

    [Contract(
        "9",
        "who: LoadBalancer with external policy Local and a number, one listener a Service; closed when one of these ends, another "
        + "number is opened anew")]
    [Theory]
    [InlineData(ServiceType.NodePort, TrafficPolicy.Local, 30100)]
    [InlineData(ServiceType.LoadBalancer, TrafficPolicy.Cluster, 30100)]
    [InlineData(ServiceType.LoadBalancer, TrafficPolicy.Local, 0)]
    public void Only_a_LoadBalancer_with_policy_Local_and_a_number_has_a_health_check(ServiceType type, TrafficPolicy outside, ushort port)
        => Assert.Null(Service(type, outside, port).Compile());

    [Fact]
    public void A_change_of_the_count_alone_makes_another_table()
    {
        Service();
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 node=node-1 terminating"]);
        var before = CompileTable();
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 node=node-1 ready+terminating"]);

        Assert.Equal(0, before.Find(ClusterBuilder.Name("web"))!.HealthCheck!.LocalEndpoints);
        Assert.Equal(1, Compile(before)!.LocalEndpoints);
    }
}
