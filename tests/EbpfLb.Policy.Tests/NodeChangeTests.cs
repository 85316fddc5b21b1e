using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests;

/// <summary>What depends on the own node follows its changes; what does not keeps its reference.</summary>
public sealed class NodeChangeTests
{
    private static readonly ObjectName Hinted = ClusterBuilder.Name("hinted");
    private static readonly ObjectName Plain = ClusterBuilder.Name("plain");
    private static readonly ObjectName Filtered = ClusterBuilder.Name("filtered");

    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Node(ClusterChanges.NodeName, "a", ["192.0.2.1"])
        .Service("hinted", ["10.96.0.1"], ["http:80"]).Slice("hinted-1", "hinted", ["http:8080"], ["10.1.0.1 zones=a", "10.1.0.2 zones=b"])
        .Service("plain", ["10.96.0.2"], ["http:80"]).Slice("plain-1", "plain", ["http:8080"], ["10.1.0.3"])
        .Service("filtered", ["10.96.0.3"], ["http:80"], balancerIPs: ["198.51.100.3"], sourceRanges: ["192.0.2.0/24"]);

    [Contract("6", "another zone: compiles all anew")]
    [Fact]
    public void Another_zone_changes_what_is_hinted_and_nothing_else()
    {
        var before = cluster.Build().Compile();
        cluster.Node(ClusterChanges.NodeName, "b", ["192.0.2.1"]);

        var after = cluster.Build().Compile(before);

        Assert.Contains("10.96.0.1:80/TCP -> 10.1.0.1:8080", before.Lines());
        Assert.Contains("10.96.0.1:80/TCP -> 10.1.0.2:8080", after.Lines());
        Assert.NotSame(before.Find(Hinted), after.Find(Hinted));
        Assert.Same(before.Find(Plain), after.Find(Plain));
        Assert.Same(before.Find(Filtered), after.Find(Filtered));
    }

    [Fact]
    public void Another_primary_address_changes_who_may_use_the_vips_and_nothing_else()
    {
        var before = cluster.Build().Compile();
        cluster.Node(ClusterChanges.NodeName, "a", ["203.0.113.9", "192.0.2.1"]);

        var after = cluster.Build().Compile(before);

        Assert.Equal("[192.0.2.0/24, 198.51.100.3/32]", before.Find(Filtered)!.Ports[0].Ranges.ToString());
        Assert.Equal("[192.0.2.0/24]", after.Find(Filtered)!.Ports[0].Ranges.ToString());
        Assert.Same(before.Find(Plain), after.Find(Plain));
        Assert.Same(before.Find(Hinted), after.Find(Hinted));
    }

    [Fact]
    public void A_node_that_goes_takes_its_zone_along()
    {
        var before = cluster.Build().Compile();
        cluster.RemoveNode();

        Assert.Contains("10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080", cluster.Build().Compile(before).Lines());
    }

    [Fact]
    public void A_change_that_the_rules_do_not_ask_about_gives_the_same_table()
    {
        var before = cluster.Build().Compile();
        cluster.Node(ClusterChanges.NodeName, "a", ["192.0.2.1", "192.0.2.2"], taints: ["node.kubernetes.io/not-ready"]);

        Assert.Same(before, cluster.Build().Compile(before));
    }

    [Fact]
    public void A_change_that_changes_no_service_is_not_compiled_a_second_time()
    {
        cluster.RemoveService("hinted");
        var before = cluster.Build().Compile();
        cluster.Node(ClusterChanges.NodeName, "b", ["192.0.2.1"]);

        var after = cluster.Build().Compile(before);

        Assert.Equal(before.Services, after.Services);
        // Another table all the same: it remembers the node that it was compiled for.
        Assert.NotSame(before, after);
        Assert.Same(after, cluster.Build().Compile(after));
    }

    [Fact]
    public void Another_node_name_is_another_place_to_be_local()
    {
        cluster.Slice("plain-1", "plain", ["http:8080"], ["10.1.0.3 node=node-2"])
            .Service("plain", ["10.96.0.2"], ["http:80"], inside: TrafficPolicy.Local);
        var before = cluster.Build().Compile();

        var after = ForwardingCompiler.Compile(cluster.Build(), TableText.Options with { NodeName = "node-2" }, before);

        Assert.Contains("10.96.0.2:80/TCP local -> drop", before.Lines());
        Assert.Contains("10.96.0.2:80/TCP local -> 10.1.0.3:8080", after.Lines());
    }
}
