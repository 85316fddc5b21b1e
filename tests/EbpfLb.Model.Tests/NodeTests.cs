using EbpfLb.Testing;

namespace EbpfLb.Model.Tests;

public sealed class NodeTests
{
    [Contract(
        "10",
        "eligible: there, not being deleted, without the autoscaler's taint, whatever its effect; other taints do not matter; it may "
        + "come back")]
    [Theory]
    [InlineData(false, "", true)]
    [InlineData(false, "example.org/other", true)]
    [InlineData(false, "ToBeDeletedByClusterAutoscaler", false)]
    [InlineData(true, "", false)]
    public void A_node_that_will_go_is_not_for_load_balancers(bool isDeleting, string taint, bool eligible)
        => Assert.Equal(eligible, new Node("n", [], [], null, isDeleting, taint.Length == 0 ? [] : [taint]).IsEligible);
}
