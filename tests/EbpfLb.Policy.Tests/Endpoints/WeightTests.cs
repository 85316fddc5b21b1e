using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>Schedulers and weights in the table, and what weight 0 means.</summary>
public sealed class WeightTests
{
    private readonly ClusterBuilder cluster = new();

    private ForwardingTable Table => cluster.Build().Compile();

    private CompiledPort Port(PolicyOptions options)
        => ForwardingCompiler.Compile(cluster.Build(), options, null).Find(ClusterBuilder.Name("web"))!.Ports[0];

    [Theory]
    [InlineData(null, 0, Scheduler.Random, Scheduler.Random, 0)]
    [InlineData(null, 0, Scheduler.LeastConnection, Scheduler.LeastConnection, 0)]
    [InlineData(Scheduler.Random, 509, Scheduler.Maglev, Scheduler.Random, 0)]
    [InlineData(null, 0, Scheduler.Maglev, Scheduler.Maglev, 4093)]
    [InlineData(Scheduler.Maglev, 509, Scheduler.Random, Scheduler.Maglev, 509)]
    public void A_Service_goes_before_the_configuration(Scheduler? own, int ownSize, Scheduler ofAll, Scheduler expected, int size)
    {
        cluster.Service("web", ["10.96.0.1"], [":80"], scheduler: own, maglevTableSize: ownSize);

        var port = Port(PolicyOptions.Default with { Scheduler = ofAll, MaglevTableSize = 4093 });

        Assert.Equal((expected, size), (port.Scheduler, port.MaglevTableSize));
    }

    [Fact]
    public void A_weight_alone_makes_another_table()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"]).Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 weight=3"]);
        var before = Table;
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 weight=4"]);

        Assert.Equal(["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (InCluster, weight 3)"], before.Backends());
        Assert.Equal(["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (InCluster, weight 4)"], cluster.Build().Compile(before).Backends());
    }

    /// <summary>ipvsadm(8): a server of weight 0 gets no new connections but serves those it has, TCP too.</summary>
    [Fact]
    public void Weight_0_keeps_what_it_has_and_gets_nothing_new()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"]).Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 weight=0"]);

        Assert.Equal(["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (Keeps, weight 0)"], Table.Backends());
    }

    [Fact]
    public void Weight_0_of_all_refuses_as_if_none_were_ready()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"]).Slice("web-1", "web", [":8080"], ["10.1.0.1 weight=0", "10.1.0.2 weight=0"]);

        Assert.Equal(["10.96.0.1:80/TCP -> refuse"], Table.Lines());
    }

    [Fact]
    public void Those_that_terminate_serve_when_all_that_are_ready_have_weight_0()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"])
            .Slice("web-1", "web", [":8080"], ["10.1.0.1 weight=0", "10.1.0.2 terminating", "10.1.0.3 terminating weight=0"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080"], Table.Lines());
    }

    /// <summary>A load balancer would send to a node that has none to give it to.</summary>
    [Fact]
    public void Health_checks_do_not_count_weight_0()
    {
        cluster.Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.LoadBalancer, outside: TrafficPolicy.Local,
            healthCheckPort: 30100);
        cluster.Slice("web-1", "web", [":8080"],
            [$"10.1.0.1 node={ClusterChanges.NodeName} weight=0", $"10.1.0.2 node={ClusterChanges.NodeName}"]);

        Assert.Equal(1, Table.Find(ClusterBuilder.Name("web"))!.HealthCheck!.LocalEndpoints);
    }

    [Fact]
    public void Hints_are_judged_without_those_of_weight_0()
    {
        cluster.Node(ClusterChanges.NodeName, zone: "a").Service("web", ["10.96.0.1"], [":80"])
            .Slice("web-1", "web", [":8080"], ["10.1.0.1 zones=a weight=0", "10.1.0.2 zones=b"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080"], Table.Lines());
    }
}
