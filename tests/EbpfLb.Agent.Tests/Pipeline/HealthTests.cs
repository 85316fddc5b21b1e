using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class HealthTests
{
    private static Node NodeWith(params string[] taints) => new("n", [], [], null, false, taints.ToValueList());

    [Contract(
        "10",
        "healthy: no change waits for longer than twice the period; the first one sets the clock, a sync clears it, a failed one does "
        + "not; idle and fresh are healthy")]
    [Fact]
    public async Task A_state_that_does_not_get_in_for_two_sync_periods_is_unhealthy_until_it_does()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(null, "no")]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        Assert.True(pipeline.State.Report().Healthy);

        var applies = pipeline.Dataplane.Applies;
        await pipeline.AdvanceThroughAsync(TimeSpan.FromSeconds(60), () => pipeline.Dataplane.Applies >= applies + 5);
        Assert.False(pipeline.State.Report().Healthy);

        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, []);
        pipeline.PushService("third", 3);
        await Waiting.UntilAsync(() => pipeline.State.LastRound is { Succeeded: true });
        Assert.True(pipeline.State.Report().Healthy);
    }

    [Fact]
    public void An_agent_that_lost_its_instance_has_no_healthy_family_and_no_time_that_there_was_not()
    {
        var state = new PipelineState(() => new SourceStatus("test", true, null, null),
            new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false) { Dead = () => "another agent has it" };

        var report = state.Report();

        Assert.Equal((false, null, "another agent has it"), (report.Healthy, report.LastUpdated, report.Dead));
        Assert.Equal(2, report.Status.Count);
        Assert.All(report.Status.Values, family => Assert.Equal(new FamilyHealth(null, false), family));

        var ended = DateTimeOffset.UnixEpoch;
        state.RecordRound(new RoundReport(1, ended, 1, 1, default, default, true, [], null), null);
        Assert.Equal(ended, state.Report().LastUpdated);
    }

    [Contract("10", "families: each has its own clock")]
    [Fact]
    public async Task Each_family_keeps_its_own_guard()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("six"), "no")]);
        pipeline.Push(pipeline.Cluster.Service("six", ["fd00::6"], [":80"]));
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        var applies = pipeline.Dataplane.Applies;
        await pipeline.AdvanceThroughAsync(TimeSpan.FromSeconds(61), () => pipeline.Dataplane.Applies >= applies + 5);

        var report = pipeline.State.Report();
        Assert.False(report.Healthy);
        Assert.True(report.Status[IpFamily.IPv4].Healthy);
        Assert.False(report.Status[IpFamily.IPv6].Healthy);
    }

    /// <summary>Anybody who may make a Service can make one that does not fit.</summary>
    [Theory]
    [InlineData(FailureReason.Full, true)]
    [InlineData(FailureReason.NotGivenBack, true)]
    [InlineData(FailureReason.NotPermitted, false)]
    public async Task A_Service_that_does_not_fit_leaves_the_node_healthy(FailureReason reason, bool healthy)
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, [new ObjectFailure(PipelineUnderTest.Name("web"), "no") { Reason = reason }]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        var applies = pipeline.Dataplane.Applies;
        await pipeline.AdvanceThroughAsync(TimeSpan.FromSeconds(61), () => pipeline.Dataplane.Applies >= applies + 5);

        Assert.Equal(healthy, pipeline.State.Report().Healthy);
        Assert.Equal(1, pipeline.State.ServicesNotProgrammed);
    }

    /// <summary>Else no release could be rolled out beside it.</summary>
    [Theory]
    [InlineData(FailureReason.Full, true)]
    [InlineData(FailureReason.Refused, false)]
    public async Task A_first_plan_without_a_Service_that_does_not_fit_is_in(FailureReason reason, bool isIn)
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, [new ObjectFailure(PipelineUnderTest.Name("web"), "no") { Reason = reason }]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);

        Assert.Equal(isIn, !pipeline.State.Readiness().Reasons.Any(r => r.StartsWith("the first plan", StringComparison.Ordinal)));
    }

    [Contract("19.11", "/healthz says no when the node has the autoscaler's taint, /livez does not")]
    [Fact]
    public async Task The_taint_of_the_cluster_autoscaler_takes_the_node_out()
    {
        await using var pipeline = new PipelineUnderTest(nodeRequired: true);
        Assert.True(pipeline.State.Report().NodeEligible);
        foreach (var (node, eligible) in new[]
        {
            (NodeWith(), true), (NodeWith("ToBeDeletedByClusterAutoscaler"), false), (NodeWith("other"), true), (null, false),
        })
        {
            pipeline.Source.Push(ClusterSnapshot.Empty with { Node = node });
            await pipeline.Dataplane.NextAppliedAsync();
            await Waiting.UntilAsync(() => pipeline.State.Report().NodeEligible == eligible);
        }
    }

    [Fact]
    public async Task Without_a_cluster_no_node_is_needed()
    {
        await using var pipeline = new PipelineUnderTest(nodeRequired: false);
        await pipeline.UntilFirstServiceIsInAsync();
        Assert.True(pipeline.State.Report().NodeEligible);
    }

    [Fact]
    public async Task Readiness_names_what_is_still_missing_in_order()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Source.Status = new SourceStatus("https://api:6443", false, null, "connection refused");
        Assert.Equal(
            [
                "source https://api:6443 has not been read completely yet: connection refused",
                "no plan has been applied yet",
                "hooks are not attached yet",
            ], pipeline.State.Readiness().Reasons);
        await pipeline.UntilFirstServiceIsInAsync();
        Assert.Empty(pipeline.State.Readiness().Reasons);
    }
}
