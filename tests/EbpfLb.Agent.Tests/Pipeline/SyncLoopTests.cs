using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Services;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class SyncLoopTests
{
    [Fact]
    public async Task The_first_snapshot_is_applied_then_the_hooks_are_attached_and_the_canary_makes_it_ready()
    {
        await using var pipeline = new PipelineUnderTest();
        var attachedBefore = -1;
        pipeline.Dataplane.OnApply = _ =>
        {
            attachedBefore = pipeline.Dataplane.Attached;
            return new ApplyOutcome(4, []);
        };
        Assert.False(pipeline.IsReady);

        pipeline.PushService("web", 1);

        Assert.Equal(["web"], PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()));
        await pipeline.UntilIdleAsync();
        Assert.Equal(0, attachedBefore);
        Assert.Equal(1, pipeline.Dataplane.Attached);
        Assert.True(pipeline.IsReady);
        Assert.Equal(4, pipeline.State.LastRound?.Operations);
        Assert.Contains(pipeline.Log, l => l.Contains("Hooks attached: hooks=connect4 action=attached cgroup=/sys/fs/cgroup"));
    }

    [Contract("13", "minSyncPeriod: between two rounds; what comes meanwhile is merged; 0 and the first are at once")]
    [Fact]
    public async Task What_arrives_during_a_round_is_merged_into_one_next_round_with_the_latest_state()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        using var entered = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        pipeline.Dataplane.OnApply = _ =>
        {
            entered.Release();
            release.Wait(TestContext.Current.CancellationToken);
            return new ApplyOutcome(1, []);
        };

        pipeline.PushService("second", 2);
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        for (var i = 3; i <= 20; i++) pipeline.PushService($"service-{i}", i);
        await WaitUntil(() => pipeline.Metrics.Contains("kubeproxy_sync_proxy_rules_service_changes_total 20"));
        release.Set();

        Assert.Equal(2, PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()).Length);
        Assert.Equal(20, PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()).Length);
        await pipeline.UntilIdleAsync();
        Assert.Equal(3, pipeline.Dataplane.Applies);
    }

    [Contract("13", "syncPeriod: the longest wait after a failure; hooks and the node are looked at")]
    [Fact]
    public async Task A_failed_round_is_retried_after_1_2_4_and_at_most_30_seconds()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("web"), "lb_backends is full")]);

        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 30, 30 })
        {
            await WaitUntil(() => pipeline.State.LastRound?.RetryIn == TimeSpan.FromSeconds(seconds));
            var applies = pipeline.Dataplane.Applies;
            await pipeline.AdvanceThroughAsync(TimeSpan.FromSeconds(seconds), () => pipeline.Dataplane.Applies > applies);
            await pipeline.Dataplane.NextAppliedAsync();
        }
        Assert.Contains("ebpflb_plan_retries_total 7", pipeline.Metrics);
    }

    [Contract(
        "13",
        "full and partial: a round writes differences only; all is looked at again at the start, after a failure and for another zone")]
    [Fact]
    public async Task A_retry_carries_the_state_that_failed_and_success_starts_the_waits_anew()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("web"), "no")]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);

        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, []);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["first", "web"], PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()));
        await WaitUntil(() => pipeline.State.LastRound is { Succeeded: true });

        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(null, "no")]);
        pipeline.PushService("third", 3);
        await pipeline.Dataplane.NextAppliedAsync();
        await WaitUntil(() => pipeline.State.LastRound?.RetryIn == TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_change_does_not_wait_for_the_retry_of_another()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("web"), "no")]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);

        pipeline.PushService("other", 3);

        Assert.Equal(["first", "other", "web"], PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()));
    }

    [Fact]
    public async Task One_object_that_fails_keeps_nothing_else_out_and_is_named()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(
            3, [new ObjectFailure(PipelineUnderTest.Name("big"), "lb_backends is full; enlarge it with --max-backends")]);
        pipeline.PushService("big", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);

        Assert.Equal(1, pipeline.Dataplane.Attached);
        Assert.False(pipeline.IsReady);
        Assert.Contains(
            "Service default/big: lb_backends is full; enlarge it with --max-backends", Assert.Single(pipeline.State.Readiness().Reasons));
        Assert.Contains(pipeline.Log, l => l.Contains("Object not programmed: service=default/big error=\"lb_backends is full"));
        Assert.Contains("ebpflb_plan_failures_total{map=\"\",reason=\"fault\"} 1", pipeline.Metrics);
    }

    [Fact]
    public async Task A_failure_that_stays_is_logged_once()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("big"), "full")]);
        pipeline.PushService("big", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(2);
        Assert.Single(pipeline.Log, l => l.Contains("Object not programmed"));
        Assert.Equal(2, pipeline.Log.Count(l => l.Contains("Sync incomplete")));
    }

    [Fact]
    public async Task A_dataplane_that_throws_ends_nothing_and_hooks_wait_for_tables()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnApply = _ => throw new InvalidOperationException("EPERM");
        pipeline.PushService("web", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        Assert.Equal(0, pipeline.Dataplane.Attached);
        Assert.Equal("InvalidOperationException: EPERM", Assert.Single(pipeline.State.LastRound!.Failures).Message);
        Assert.Contains(
            "FakeDataplane.Apply", Assert.Single(pipeline.Log, l => l.Contains("A round failed unexpectedly", StringComparison.Ordinal)),
            StringComparison.Ordinal);

        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, []);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilIdleAsync();
        Assert.True(pipeline.IsReady);
    }

    [Contract("13", "minSyncPeriod: between two rounds; what comes meanwhile is merged; 0 and the first are at once")]
    [Fact]
    public async Task Min_sync_period_keeps_two_rounds_apart_and_loses_nothing()
    {
        await using var pipeline = new PipelineUnderTest(minSyncPeriod: TimeSpan.FromSeconds(5));
        pipeline.PushService("first", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(5);
        pipeline.PushService("second", 2);
        pipeline.PushService("third", 3);
        Assert.Equal(1, pipeline.Dataplane.Applies);

        pipeline.Time.Advance(TimeSpan.FromSeconds(5));

        var applied = await pipeline.Dataplane.NextAppliedAsync();
        if (PipelineUnderTest.NamesIn(applied).Length < 3)
        {
            await pipeline.UntilWaitingForAsync(5);
            pipeline.Time.Advance(TimeSpan.FromSeconds(5));
            applied = await pipeline.Dataplane.NextAppliedAsync();
        }
        Assert.Equal(["first", "second", "third"], PipelineUnderTest.NamesIn(applied));
    }

    private static Task WaitUntil(Func<bool> condition) => Waiting.UntilAsync(condition);
}
