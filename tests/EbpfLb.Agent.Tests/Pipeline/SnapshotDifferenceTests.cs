using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class SnapshotDifferenceTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Service("a", ["10.96.0.1"], [":80"]).Slice("a-1", "a", [":80"], ["10.1.0.1"]).Slice("a-2", "a", [":80"], ["10.1.0.2"])
        .Service("b", ["10.96.0.2"], [":80"]).Slice("b-1", "b", [":80"], ["10.1.0.3"])
        .Service("c", ["10.96.0.3"], [":80"]);

    private readonly ClusterSnapshot before;

    public SnapshotDifferenceTests() => before = cluster.Build();

    [Fact]
    public void Everything_is_new_at_first() => AssertChanges(3, 3, SnapshotDifference.Between(ClusterSnapshot.Empty, before));

    [Fact]
    public void Nothing_changed_is_nothing() => AssertChanges(0, 0, SnapshotDifference.Between(before, cluster.Build()));

    [Fact]
    public void A_changed_slice_is_one() => AssertChanges(0, 1, After(c => c.Slice("a-2", "a", [":80"], ["10.1.0.9"])));

    [Fact]
    public void A_slice_added_and_one_removed_are_two()
        => AssertChanges(0, 2, After(c => c.RemoveSlice("a-1").Slice("a-0", "a", [":80"], ["10.1.0.9"])));

    [Fact]
    public void A_changed_service_is_one() => AssertChanges(1, 0, After(c => c.Service("b", ["10.96.0.2"], [":81"])));

    [Fact]
    public void A_service_that_goes_while_another_comes_are_two()
        => AssertChanges(2, 0, After(c => c.RemoveService("c").Service("d", ["10.96.0.4"], [":80"])));

    [Fact]
    public void A_service_removed_with_its_slices_counts_all()
        => AssertChanges(1, 2, After(c => c.RemoveService("a").RemoveSlice("a-1").RemoveSlice("a-2")));

    private SnapshotDifference After(Action<ClusterBuilder> change)
    {
        change(cluster);
        return SnapshotDifference.Between(before, cluster.Build());
    }

    private static void AssertChanges(int services, int slices, SnapshotDifference difference)
        => Assert.Equal((services, slices), (difference.Services, difference.Slices));
}
