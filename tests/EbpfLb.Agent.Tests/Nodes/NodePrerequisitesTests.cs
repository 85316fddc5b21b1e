using EbpfLb.Agent.Nodes;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Nodes;

public sealed class NodePrerequisitesTests
{
    private static readonly NodeOptions ByNodeCidr
        = NodeOptions.Default with { Detector = new PodDetector(DetectLocalMode.NodeCIDR, [], null) };
    private static readonly NodeOptions ByPrimary = NodeOptions.Default with { NodePortAddresses = NodePortAddresses.Parse("primary") };
    private static readonly Node Bare = new("n", [], [], null, false, []);
    private static readonly Node Whole = Bare with { Addresses = [IpAddress.Parse("192.0.2.1")], PodCidrs = ["10.1.0.0/24"] };

    private readonly ManualTimeProvider time = new();

    [Fact]
    public void Nothing_is_missing_where_nothing_is_needed()
        => Assert.Empty(new NodePrerequisites(NodeOptions.Default, "n", isFromServer: true, time).Missing(null));

    [Fact]
    public void A_node_without_the_field_that_is_needed_is_not_enough()
    {
        var needs = new NodePrerequisites(ByNodeCidr, "n", isFromServer: true, time);
        Assert.Contains("has no spec.podCIDRs", Assert.Single(needs.Missing(Bare)));
        Assert.Empty(needs.Missing(Whole));
        Assert.Contains("has no addresses", Assert.Single(new NodePrerequisites(ByPrimary, "n", isFromServer: true, time).Missing(Bare)));
    }

    [Fact]
    public void Stand_alone_primary_needs_no_node()
        => Assert.Empty(new NodePrerequisites(ByPrimary, "n", isFromServer: false, time).Missing(null));

    [Contract("13", "own Node: waited for where it is needed; after five minutes that is said, and the agent stays, where kube-proxy ends")]
    [Fact]
    public void After_five_minutes_it_is_overdue_and_says_what_to_look_at()
    {
        var needs = new NodePrerequisites(ByNodeCidr, "n", isFromServer: true, time);
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.False(needs.IsOverdue(null));
        time.StepWallClock(TimeSpan.FromHours(1));
        Assert.False(needs.IsOverdue(null));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(needs.IsOverdue(null));
        Assert.Contains("check --node-name", Assert.Single(needs.Missing(null)));
        Assert.False(needs.IsOverdue(Whole));
    }

    [Fact]
    public void What_was_known_stays_while_the_object_is_away_or_half_empty()
    {
        Assert.Null(LastKnownNode.Keep(null, null));
        Assert.Equal(Whole, LastKnownNode.Keep(Whole, null));
        Assert.Equal(Whole with { IsDeleting = true, Zone = "z" }, LastKnownNode.Keep(Whole, Bare with { IsDeleting = true, Zone = "z" }));
        Assert.Equal(["10.9.0.0/24"], LastKnownNode.Keep(Whole, Whole with { PodCidrs = ["10.9.0.0/24"] })!.PodCidrs);
    }
}
