using System.Threading.Channels;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Pipeline;

/// <summary>What the loop does as time goes by, and as its settings change.</summary>
public sealed class SyncLoopTimeTests
{
    private static readonly TimeSpan Year = TimeSpan.FromHours(8760);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_step_of_the_wall_clock_neither_suspends_nor_hurries_a_retry(int hours)
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("web"), "full")]);
        pipeline.PushService("web", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);

        pipeline.Time.StepWallClock(TimeSpan.FromHours(hours));
        pipeline.Requests.Wake();
        await pipeline.UntilWaitingForAsync(1);
        Assert.Equal(1, pipeline.Dataplane.Applies);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        await pipeline.Dataplane.NextAppliedAsync();
    }

    [Fact]
    public async Task Periods_longer_than_a_timer_holds_are_waited_for_and_changes_come_at_once_all_the_same()
    {
        await using var pipeline = new PipelineUnderTest { SyncPeriod = Year };
        pipeline.PushService("first", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await Waiting.UntilAsync(() => pipeline.Time.PendingTimers.Count > 0);
        pipeline.PushService("second", 2);
        Assert.Equal(["first", "second"], PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()));
    }

    [Fact]
    public async Task With_a_period_that_means_never_what_failed_is_tried_again_all_the_same()
    {
        await using var pipeline = new PipelineUnderTest { SyncPeriod = Year };
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(0, [new ObjectFailure(PipelineUnderTest.Name("web"), "full")]);
        pipeline.PushService("web", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 })
        {
            await pipeline.UntilWaitingForAsync(seconds);
            pipeline.Time.Advance(TimeSpan.FromSeconds(seconds));
            await pipeline.Dataplane.NextAppliedAsync();
        }
    }

    [Fact]
    public async Task A_shorter_period_counts_from_the_moment_of_its_reload()
    {
        await using var pipeline = new PipelineUnderTest { SyncPeriod = Year };
        pipeline.PushService("first", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await Waiting.UntilAsync(() => pipeline.Dataplane.Attached > 0 && pipeline.Time.PendingTimers.Count > 0);

        pipeline.SyncPeriod = TimeSpan.FromSeconds(10);
        pipeline.Requests.Wake();
        await pipeline.UntilWaitingForAsync(10);
        pipeline.Time.Advance(TimeSpan.FromSeconds(10));
        await Waiting.UntilAsync(() => pipeline.Dataplane.Repaired > 0);
    }

    [Fact]
    public async Task While_rounds_are_kept_apart_requests_are_answered_and_a_shorter_time_apart_counts_at_once()
    {
        await using var pipeline = new PipelineUnderTest(minSyncPeriod: Year) { SyncPeriod = Year };
        pipeline.PushService("first", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await Waiting.UntilAsync(() => pipeline.Time.PendingTimers.Count > 0);
        pipeline.PushService("second", 2);

        Assert.Equal(7, await pipeline.Requests.RunAsync(_ => 7, TestContext.Current.CancellationToken));
        Assert.Equal(1, pipeline.Dataplane.Applies);
        pipeline.MinSyncPeriod = TimeSpan.Zero;
        pipeline.Requests.Wake();
        Assert.Equal(["first", "second"], PipelineUnderTest.NamesIn(await pipeline.Dataplane.NextAppliedAsync()));
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_not_done()
    {
        await using var pipeline = new PipelineUnderTest();
        using var impatient = new CancellationTokenSource();
        await impatient.CancelAsync();
        var isDone = false;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pipeline.Requests.RunAsync(_ => isDone = true, impatient.Token));
        await pipeline.Requests.RunAsync(_ => 0, TestContext.Current.CancellationToken);
        Assert.False(isDone);
    }

    [Fact]
    public async Task An_idle_loop_leaves_no_waiter_behind_in_its_channel()
    {
        CountingReader? reader = null;
        await using var pipeline = new PipelineUnderTest(arrivals: inner => reader = new CountingReader(inner));
        await pipeline.UntilFirstServiceIsInAsync();
        var before = reader!.Waiters;
        for (var i = 0; i < 20; i++)
        {
            pipeline.Time.Advance(TimeSpan.FromSeconds(30));
            await pipeline.UntilIdleAsync();
        }
        Assert.InRange(reader.Waiters - before, 0, 1);
    }

    [Fact]
    public async Task A_follower_that_throws_is_logged_with_its_stack_and_disturbs_neither_the_others_nor_the_pipeline()
    {
        await using var pipeline = new PipelineUnderTest();
        var told = 0;
        pipeline.State.Rounds.Add(_ => throw new InvalidOperationException("a follower is broken"));
        pipeline.State.Rounds.Add(_ => told++);
        await pipeline.UntilFirstServiceIsInAsync();
        Assert.Equal(1, told);
        Assert.Contains(nameof(A_follower_that_throws_is_logged_with_its_stack_and_disturbs_neither_the_others_nor_the_pipeline),
            Assert.Single(pipeline.Log, l => l.Contains("of=round", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Readiness_is_one_moment_also_while_the_first_round_ends()
    {
        using var log = new Fakes.CollectedLog();
        var good = new RoundReport(1, default, 1, 1, default, default, true, [], null);
        for (var i = 0; i < 2000; i++)
        {
            var state = new PipelineState(() => new Model.SourceStatus("test", true, null, null),
                new Http.Health.ProxyHealthTracker(TimeProvider.System, Year), false);
            var writer = Task.Run(() => state.RecordRound(good, null));
            while (!writer.IsCompleted)
                Assert.All(state.Readiness().Reasons, r => Assert.DoesNotContain("not in the kernel", r, StringComparison.Ordinal));
        }
    }

    /// <summary>Counts how often somebody began to wait.</summary>
    private sealed class CountingReader(ChannelReader<ArrivedSnapshot> inner) : ChannelReader<ArrivedSnapshot>
    {
        private int waiters;

        public int Waiters => Volatile.Read(ref waiters);

        public override bool TryRead(out ArrivedSnapshot item) => inner.TryRead(out item!);

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref waiters);
            return inner.WaitToReadAsync(cancellationToken);
        }
    }
}
