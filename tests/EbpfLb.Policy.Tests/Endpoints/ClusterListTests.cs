using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>docs/contract.md 6: the Cluster list without hints.</summary>
public sealed class ClusterListTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], ["http:80"]);

    private string Line(params string[] endpoints)
        => Assert.Single(
            cluster.Slice("web-1", "web", ["http:8080"], endpoints).Build().Compile().Lines())["10.96.0.1:80/TCP -> ".Length..];

    [Fact]
    public void Ready_endpoints_of_every_node_are_used()
        => Assert.Equal("10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080", Line("10.1.0.1 node=node-1", "10.1.0.2 node=node-2", "10.1.0.3"));

    [Contract("6", "serving alone; ready and terminating: never; always")]
    [Fact]
    public void A_ready_endpoint_that_terminates_is_used()
        => Assert.Equal("10.1.0.1:8080 10.1.0.2:8080", Line("10.1.0.1 ready+terminating", "10.1.0.2"));

    [Fact]
    public void One_that_serves_while_it_terminates_is_not_used_beside_a_ready_one()
        => Assert.Equal("10.1.0.2:8080", Line("10.1.0.1 terminating", "10.1.0.2"));

    [Contract("6", "Cluster list: ready ones that hints let through; else those that serve while they terminate, without hints")]
    [Fact]
    public void When_nothing_is_ready_those_that_serve_while_they_terminate_are_used()
        => Assert.Equal(
            "10.1.0.1:8080 10.1.0.3:8080", Line("10.1.0.1 terminating", "10.1.0.2 unready", "10.1.0.3 terminating", "10.1.0.4 gone"));

    [Contract("6", "serving alone; ready and terminating: never; always")]
    [Theory]
    [InlineData("10.1.0.1 unready")]
    [InlineData("10.1.0.1 serving")]
    [InlineData("10.1.0.1 gone")]
    public void What_is_neither_ready_nor_serving_to_its_end_is_never_used(string endpoint)
        => Assert.Equal("refuse", Line(endpoint));

    [Fact]
    public void Without_any_endpoint_connections_are_refused() => Assert.Equal("refuse", Line());

    /// <summary>docs/contract.md 19, item 20.</summary>
    [Theory]
    [InlineData(ServiceLabels.Headless)]
    [InlineData(ServiceLabels.ProxyName)]
    public void A_service_with_nothing_but_labelled_slices_has_no_endpoints(ServiceLabels labels)
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1"], labels: labels);

        Assert.Equal(["10.96.0.1:80/TCP -> refuse"], cluster.Build().Compile().Lines());
    }
}
