using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>docs/contract.md 6, hints. The own node is node-1 in zone a.</summary>
public sealed class TopologyHintsTests
{
    private const string Own = "10.1.0.1:8080";
    private const string Both = "10.1.0.1:8080 10.1.0.2:8080";

    private readonly ClusterBuilder cluster = new ClusterBuilder().Node(ClusterChanges.NodeName, "a")
        .Service("web", ["10.96.0.1"], ["http:80"]);

    private string Line(params string[] endpoints)
        => cluster.Slice("web-1", "web", ["http:8080"], endpoints).Build().Compile().Lines()[0].Split(" -> ")[1];

    [Contract("6", "where hints hold: ClusterIP, external under Cluster, the short circuit of Local")]
    [Theory]
    [InlineData("10.1.0.1 zones=a", "10.1.0.2 zones=b", Own)]
    [InlineData("10.1.0.1 zones=b,a", "10.1.0.2 zones=b,c", Own)]
    [InlineData("10.1.0.1 zones=b", "10.1.0.2 zones=c", Both)]
    [InlineData("10.1.0.1 zones=a", "10.1.0.2 zones=a", Both)]
    public void Endpoints_hinted_for_the_own_zone_are_used_alone_when_there_are_any(string first, string second, string used)
        => Assert.Equal(used, Line(first, second));

    /// <summary>docs/contract.md 19, item 7.</summary>
    [Contract("6", "hints: who counts: ready ones only, every one of them")]
    [Theory]
    [InlineData("10.1.0.1 zones=a", "10.1.0.2")]
    [InlineData("10.1.0.1 zones=a", "10.1.0.2 nodes=node-2")]
    [InlineData("10.1.0.1 nodes=node-1", "10.1.0.2")]
    [InlineData("10.1.0.1 nodes=node-1", "10.1.0.2 zones=b")]
    public void One_ready_endpoint_without_a_hint_switches_the_hints_off(string first, string second)
        => Assert.Equal(Both, Line(first, second));

    [Contract("6", "hints: who counts: ready ones only, every one of them")]
    [Theory]
    [InlineData("unready")]
    [InlineData("serving")]
    [InlineData("terminating")]
    public void An_endpoint_that_is_not_ready_needs_no_hint(string condition)
        => Assert.Equal(Own, Line("10.1.0.1 zones=a", "10.1.0.2 zones=b", $"10.1.0.3 {condition}"));

    [Contract("6", "hints: who counts: ready ones only, every one of them")]
    [Fact]
    public void An_endpoint_that_is_not_ready_does_not_make_its_hint_count()
        => Assert.Equal("10.1.0.2:8080", Line("10.1.0.1 unready zones=a", "10.1.0.2 zones=b"));

    [Contract("6", "hints: node, else zone, else all: in this order; not without a name or a zone of the own")]
    [Fact]
    public void Hints_for_nodes_go_before_hints_for_zones()
        => Assert.Equal(Own, Line("10.1.0.1 zones=a nodes=node-1", "10.1.0.2 zones=a nodes=node-2"));

    [Fact]
    public void Without_an_endpoint_hinted_for_the_own_node_the_zone_counts()
        => Assert.Equal("10.1.0.2:8080", Line("10.1.0.1 zones=b nodes=node-2", "10.1.0.2 zones=a nodes=node-3"));

    [Contract("6", "hints: node, else zone, else all: in this order; not without a name or a zone of the own")]
    [Fact]
    public void When_one_hint_for_nodes_is_missing_the_zone_counts()
        => Assert.Equal(Both, Line("10.1.0.1 zones=a nodes=node-1", "10.1.0.2 zones=a", "10.1.0.3 zones=b"));

    [Contract("3", "hints: zones and nodes; the endpoint's own zone says nothing")]
    [Fact]
    public void Where_an_endpoint_runs_is_no_hint()
        => Assert.Equal(Both, Line("10.1.0.1 node=node-1", "10.1.0.2 node=node-2"));

    [Contract("6", "Cluster list: ready ones that hints let through; else those that serve while they terminate, without hints")]
    [Fact]
    public void Hints_do_not_hold_for_endpoints_that_terminate()
        => Assert.Equal(Both, Line("10.1.0.1 terminating zones=a", "10.1.0.2 terminating zones=b"));

    [Contract("6", "hints: node, else zone, else all: in this order; not without a name or a zone of the own")]
    [Fact]
    public void Without_a_zone_of_the_own_node_hints_for_zones_do_not_count_and_those_for_nodes_do()
    {
        cluster.Node(ClusterChanges.NodeName);
        Assert.Equal(Both, Line("10.1.0.1 zones=a", "10.1.0.2 zones=b"));
        Assert.Equal(Own, Line("10.1.0.1 nodes=node-1", "10.1.0.2 nodes=node-2"));
    }

    [Fact]
    public void Without_a_node_object_hints_for_zones_do_not_count()
    {
        cluster.RemoveNode();
        Assert.Equal(Both, Line("10.1.0.1 zones=a", "10.1.0.2 zones=b"));
    }

    [Contract("6", "hints: node, else zone, else all: in this order; not without a name or a zone of the own")]
    [Fact]
    public void Without_a_node_name_hints_for_nodes_do_not_count()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 nodes=node-1", "10.1.0.2 nodes=node-2"]);

        var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, null);

        Assert.Equal([$"10.96.0.1:80/TCP -> {Both}"], table.Lines());
    }

    [Contract("6", "where hints hold: ClusterIP, external under Cluster, the short circuit of Local")]
    [Fact]
    public void Hints_hold_for_clients_outside_under_a_cluster_policy()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"]);
        Line("10.1.0.1 zones=a", "10.1.0.2 zones=b");

        Assert.Equal([$"10.96.0.1:80/TCP -> {Own}", $"NodePort 0.0.0.0:30080/TCP -> {Own}"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void Each_family_has_its_own_hints()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80"]).Slice("web-6", "web", ["http:8080"], ["fd01::1 zones=a", "fd01::2"]);
        Line("10.1.0.1 zones=a", "10.1.0.2 zones=b");

        Assert.Equal(
            [$"10.96.0.1:80/TCP -> {Own}", "[fd00::1]:80/TCP -> [fd01::1]:8080 [fd01::2]:8080"], cluster.Build().Compile().Lines());
    }
}
