using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Sources;

/// <summary>docs/contract.md 7.</summary>
public sealed class SourceFilterTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Node(ClusterChanges.NodeName, addresses: ["192.0.2.11", "192.0.2.12", "2001:db8::11"]);

    private string[] Ranges(string[] ranges, string[]? vips = null, string[]? clusterIPs = null)
        => cluster.Service("web", clusterIPs ?? ["10.96.0.1"], ["http:80@30080"], externalIPs: ["203.0.113.1"],
            balancerIPs: vips ?? ["198.51.100.1"], sourceRanges: ranges)
            .Build().Compile().Ranges();

    /// <summary>docs/contract.md 19, item 3: the filter belongs to the VIPs, so a NodePort of the same Service stays open.</summary>
    [Fact]
    public void Without_a_load_balancer_address_there_is_nothing_to_filter()
        => Assert.Empty(Ranges(["10.0.0.0/8"], vips: []));

    [Fact]
    public void The_ranges_are_ordered_and_each_is_there_once()
        => Assert.Equal(
            ["10.0.0.0/8", "10.0.0.0/16", "172.16.0.0/12"], Ranges(["172.16.0.0/12", "10.0.0.0/16", "10.9.9.9/8", "10.0.0.0/8"]));

    [Fact]
    public void Each_family_has_its_own_ranges()
    {
        Ranges(["10.0.0.0/8", "2001:db8:9::/48"], ["198.51.100.1", "2001:db8:1::1"], ["10.96.0.1", "fd00::1"]);

        var ports = cluster.Build().Compile().Find(ClusterBuilder.Name("web"))!.Ports;

        Assert.Equal("[10.0.0.0/8]", ports[0].Ranges.ToString());
        Assert.Equal("[2001:db8:9::/48]", ports[1].Ranges.ToString());
    }

    [Contract("7", "of the family; none left, open: also when what is left is unreadable")]
    [Fact]
    public void A_family_without_ranges_is_open_although_the_other_has_some()
        => Assert.Empty(Ranges(["2001:db8:9::/48"]));

    [Fact]
    public void Without_ranges_all_may_connect() => Assert.Empty(Ranges([]));

    /// <summary>docs/contract.md 19, item 4.</summary>
    [Contract("7", "the node's primary address allowed: then the VIPs are sources too")]
    [Fact]
    public void The_vips_are_sources_of_their_own_when_the_nodes_address_is_allowed()
        => Assert.Equal(
            ["192.0.2.0/24", "198.51.100.1/32", "198.51.100.2/32"],
            Ranges(["192.0.2.0/24"], ["198.51.100.2", "2001:db8:1::1", "198.51.100.1"]));

    [Fact]
    public void The_vips_of_the_other_family_follow_the_nodes_address_of_that_family()
    {
        Ranges(["192.0.2.0/24", "2001:db8:9::/48"], ["198.51.100.1", "2001:db8:1::1"], ["10.96.0.1", "fd00::1"]);

        var ports = cluster.Build().Compile().Find(ClusterBuilder.Name("web"))!.Ports;

        Assert.Equal(["[192.0.2.0/24, 198.51.100.1/32]", "[2001:db8:9::/48]"], ports.Select(p => p.Ranges.ToString()));
    }

    [Contract("7", "the node's primary address allowed: then the VIPs are sources too")]
    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("192.0.2.12/32")]
    public void The_vips_are_no_sources_when_the_nodes_primary_address_is_not_allowed(string range)
        => Assert.Equal([range], Ranges([range]));

    [Fact]
    public void The_vips_are_no_sources_while_the_node_is_not_known()
    {
        cluster.RemoveNode();

        Assert.Equal(["192.0.2.0/24"], Ranges(["192.0.2.0/24"]));
    }

    [Fact]
    public void Only_the_vips_of_the_service_are_added_and_not_its_other_addresses()
        => Assert.DoesNotContain(Ranges(["192.0.2.0/24"]), r => r.StartsWith("203.0.113.", StringComparison.Ordinal));
}
