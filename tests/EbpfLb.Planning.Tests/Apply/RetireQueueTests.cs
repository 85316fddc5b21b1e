using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Planning.Tests.Apply;

public sealed class RetireQueueTests
{
    private readonly ManualTimeProvider time = new();
    private readonly Collected log = new();
    private readonly Hook hook = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batches_are_retired_after_the_grace_period_and_plans_go_on_meanwhile()
    {
        var lab = NewLab();
        var grace = new Gate();
        var queue = new RetireQueue(lab.Applier, grace, time, log);
        var running = queue.RunAsync(Token);
        queue.Enqueue(Replace(lab, "10.1.0.2"));
        await grace.Entered.Task;

        queue.Enqueue(Replace(lab, "10.1.0.3"));
        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.3:8080"], lab.Lines());
        Assert.Equal(5, lab.Mirror.BackendsInUse);

        grace.Open.SetResult();
        queue.Complete();
        await running;

        lab.AssertNothingIsLeftOver();
        Assert.Equal((2, RetireStatus.Good), (grace.Periods, queue.Status));
    }

    [Fact]
    public async Task What_cannot_be_cleared_is_told_once_and_tried_again_by_itself_until_it_is()
    {
        var lab = NewLab();
        var queue = new RetireQueue(lab.Applier, Gate.Opened(), time, log);
        hook.Before = (name, _) => name == "lb_backends" ? TableError.Busy : TableError.None;
        var batch = await ReplaceUnderAsync(lab, "10.1.0.2");
        var running = queue.RunAsync(Token);
        queue.Enqueue(batch);

        foreach (var seconds in new[] { 1, 2, 4 })
        {
            await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(seconds));
            Assert.Contains("lb_backends failed with Busy", queue.Status.Problem);
            if (seconds < 4) time.Advance(TimeSpan.FromSeconds(seconds));
        }
        Assert.Equal((1, 3), (queue.Status.Waiting, queue.Status.Failures));
        Assert.Single(log.Lines);

        hook.Before = (_, _) => TableError.None;
        queue.Complete();
        time.Advance(TimeSpan.FromSeconds(4));
        await running;
        lab.AssertNothingIsLeftOver();
        Assert.Equal((0, null), (queue.Status.Waiting, queue.Status.Problem));
    }

    [Fact]
    public async Task One_that_throws_keeps_no_other_is_logged_with_its_stack_and_is_not_lost()
    {
        var lab = NewLab();
        var queue = new RetireQueue(lab.Applier, Gate.Opened(), time, log);
        lab.Cluster.Service("b", ["10.96.0.2"], ["http:80"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.9"]);
        lab.Step();
        lab.Cluster.Slice("b-1", "b", ["http:8080"], ["10.1.0.8"]);
        var batch = Replace(lab, "10.1.0.2");
        var inUse = lab.Mirror.BackendsInUse;
        var calls = 0;
        hook.Before = (name, _) => name == "lb_backends" && calls++ == 0 ? throw new InvalidOperationException("a bug") : TableError.None;
        var running = queue.RunAsync(Token);
        queue.Enqueue(batch);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(1));

        Assert.Equal(inUse - 1, lab.Mirror.BackendsInUse);
        Assert.Contains(
            nameof(One_that_throws_keeps_no_other_is_logged_with_its_stack_and_is_not_lost), Assert.Single(log.Faults).StackTrace);
        Assert.Contains("a bug", queue.Status.Problem);
        queue.Complete();
        time.Advance(TimeSpan.FromSeconds(1));
        await running;
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_grace_period_that_throws_loses_nothing_of_what_waits_for_it()
    {
        var lab = NewLab();
        var grace = new Gate();
        var queue = new RetireQueue(lab.Applier, grace, time, log);
        queue.Enqueue(Replace(lab, "10.1.0.2"));
        grace.Open.SetException(new InvalidOperationException("membarrier"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.RunAsync(Token));

        grace.Open = new TaskCompletionSource();
        grace.Open.SetResult();
        queue.Complete();
        await queue.RunAsync(Token);
        lab.AssertNothingIsLeftOver();
    }

    [Fact]
    public void A_table_full_of_what_could_not_be_cleared_is_not_called_too_small()
    {
        var lab = NewLab(Lab.Small with { MaxBackends = 5 });
        hook.Before = (name, operation) => name == "lb_backends" && isRetiring ? TableError.Busy : TableError.None;
        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.2"]);
        lab.Step();
        isRetiring = true;
        lab.Retire();
        isRetiring = false;
        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.3"]);

        var left = Assert.Single(lab.Step().LeftOut);
        Assert.Equal(FailureReason.NotGivenBack, left.Reason);
        Assert.Contains("1 of them by what is gone and could not be cleared: writing to lb_backends failed with Busy", left.Message);
        Assert.DoesNotContain("--max-backends", left.Message);

        lab.Retire();
        Assert.True(lab.Step().IsComplete);
    }

    private bool isRetiring;

    private Lab NewLab(TableLimits? limits = null)
    {
        var lab = new Lab(limits, hook);
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1"]);
        lab.Step();
        return lab;
    }

    private static RetireBatch Replace(Lab lab, string endpoint)
    {
        lab.Cluster.Slice("a-1", "a", ["http:8080"], [endpoint]);
        var batch = lab.Step().Retired;
        lab.Waiting.Clear();
        return batch;
    }

    /// <summary>While the hook lets nothing be written, it is lifted for the plan alone.</summary>
    private Task<RetireBatch> ReplaceUnderAsync(Lab lab, string endpoint)
    {
        var before = hook.Before;
        hook.Before = (_, _) => TableError.None;
        var batch = Replace(lab, endpoint);
        hook.Before = before;
        return Task.FromResult(batch);
    }

    private sealed class Gate : IGracePeriod
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Open { get; set; } = new();

        public int Periods { get; private set; }

        public static Gate Opened()
        {
            var gate = new Gate();
            gate.Open.SetResult();
            return gate;
        }

        public Task WaitAsync(CancellationToken cancellationToken)
        {
            Periods++;
            Entered.TrySetResult();
            return Open.Task;
        }
    }

    private sealed class Collected : ILogger
    {
        public List<string> Lines { get; } = [];

        public List<Exception> Faults { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Add(formatter(state, exception));
            if (exception is not null) Faults.Add(exception);
        }
    }
}
