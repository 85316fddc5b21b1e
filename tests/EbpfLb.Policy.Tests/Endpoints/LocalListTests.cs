using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>docs/contract.md 6 and 8: the Local list, and what an empty one means. The own node is node-1 in zone a.</summary>
public sealed class LocalListTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Node(ClusterChanges.NodeName, "a", ["10.1.0.1"])
        .Service("web", ["10.96.0.1"], ["http:80"], inside: TrafficPolicy.Local)
        .Service("out", ["10.96.0.2"], ["http:80@30080"], outside: TrafficPolicy.Local);

    /// <summary>What a client of the ClusterIP under internalTrafficPolicy Local gets.</summary>
    private string Inside(params string[] endpoints)
        => cluster.Slice("web-1", "web", ["http:8080"], endpoints).Build().Compile().Lines()[^1]["10.96.0.1:80/TCP local -> ".Length..];

    /// <summary>What a client outside of the NodePort under externalTrafficPolicy Local gets, and what pods and the node get.</summary>
    private string Outside(params string[] endpoints)
        => cluster.Slice("out-1", "out", ["http:8080"], endpoints).Build().Compile()
            .Lines()[1]["NodePort 0.0.0.0:30080/TCP local -> ".Length..];

    [Contract("6", "Local list: the same on this node, without hints")]
    [Fact]
    public void Only_ready_endpoints_of_the_own_node_are_used()
    {
        string[] endpoints = [
            "10.1.0.1 node=node-1", "10.1.0.2 node=node-2", "10.1.0.3 node=node-1 unready", "10.1.0.4 node=node-1 terminating"];

        Assert.Equal("10.1.0.1:8080", Inside(endpoints));
        Assert.Equal("10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080", Outside(endpoints));
    }

    /// <summary>docs/contract.md 19, item 6.</summary>
    [Contract("3", "local: by nodeName alone")]
    [Fact]
    public void An_endpoint_without_a_node_name_is_never_local_whatever_its_address()
        => Assert.Equal("drop", Inside("10.1.0.1"));

    [Fact]
    public void Without_a_node_name_of_the_own_nothing_is_local()
    {
        Inside("10.1.0.1", "10.1.0.2 node=node-1");

        var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, null);

        Assert.Equal("10.96.0.1:80/TCP local -> drop", table.Lines()[^1]);
    }

    /// <summary>docs/contract.md 19, item 8.</summary>
    [Contract("6", "Local list: the same on this node, without hints")]
    [Fact]
    public void Hints_do_not_hold_in_the_local_list()
    {
        string[] endpoints = ["10.1.0.1 node=node-1 zones=b", "10.1.0.2 node=node-2 zones=a"];

        Assert.Equal("10.1.0.1:8080", Inside(endpoints));
        Assert.Equal("10.1.0.1:8080, inside 10.1.0.2:8080", Outside(endpoints));
    }

    [Fact]
    public void When_nothing_is_ready_here_those_that_serve_to_their_end_here_are_used()
        => Assert.Equal(
            "10.1.0.1:8080",
            Inside("10.1.0.1 node=node-1 terminating", "10.1.0.2 node=node-2 terminating", "10.1.0.3 node=node-1 gone"));

    /// <summary>docs/contract.md 19, item 9.</summary>
    [Contract("6", "independent fallbacks: each list by itself")]
    [Fact]
    public void Each_list_falls_back_by_itself()
    {
        // Local uses one that terminates while Cluster has a ready one; and both fall back when nothing is ready.
        Assert.Equal("10.1.0.1:8080, inside 10.1.0.2:8080", Outside("10.1.0.1 node=node-1 terminating", "10.1.0.2 node=node-2"));
        Assert.Equal(
            "10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080",
            Outside("10.1.0.1 node=node-1 terminating", "10.1.0.2 node=node-2 terminating"));
    }

    /// <summary>docs/contract.md 19, item 2.</summary>
    [Contract("6", "hasAny: nothing here drops, nothing anywhere refuses")]
    [Theory]
    [InlineData("10.1.0.2 node=node-2", "drop", "10.1.0.2:8080")]
    [InlineData("10.1.0.2 node=node-2 terminating", "drop", "10.1.0.2:8080")]
    [InlineData("10.1.0.2 node=node-2 unready", "refuse", "refuse")]
    [InlineData("10.1.0.2 node=node-2 serving", "refuse", "refuse")]
    [InlineData("10.1.0.2 node=node-1 unready", "refuse", "refuse")]
    public void Nothing_here_but_something_elsewhere_drops_and_nothing_anywhere_refuses(string endpoint, string local, string inside)
    {
        Assert.Equal(local, Inside(endpoint));
        Assert.Equal($"{local}, inside {inside}", Outside(endpoint));
    }

    [Fact]
    public void Where_a_backend_is_shows_in_whatever_list_it_is()
    {
        cluster.RemoveService("web");
        Outside("10.1.0.1 node=node-1", "10.1.0.2 node=node-2", "10.1.0.3");

        Assert.Equal(
            ["10.1.0.1:8080 (InCluster, InLocal, Local)", "10.1.0.2:8080 (InCluster)", "10.1.0.3:8080 (InCluster)"],
            cluster.Build().Compile().Backends());
    }

    [Fact]
    public void A_backend_of_the_local_list_alone_keeps_the_order_by_address()
    {
        cluster.RemoveService("web");
        Outside("10.1.0.3 node=node-2", "10.1.0.2 node=node-1 terminating", "10.1.0.1 node=node-2");

        Assert.Equal(
            ["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (InLocal, Local)", "10.1.0.3:8080 (InCluster)"],
            cluster.Build().Compile().Backends());
    }
}
