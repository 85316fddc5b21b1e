using System.Collections.Concurrent;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Timing.Tests;

public sealed class SupervisedLoopTests
{
    private readonly ManualTimeProvider time = new();
    private readonly Collected log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_part_that_throws_is_logged_with_its_stack_and_started_again_after_1_2_4_and_at_most_60_seconds()
    {
        var runs = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = new SupervisedLoop("part", _ => Fail(ref runs), time, log).RunAsync(stop.Token);
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(seconds));
            time.Advance(TimeSpan.FromSeconds(seconds));
        }
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await running;
        Assert.Equal(9, runs);
        Assert.Equal(9, log.Exceptions.Count);
        Assert.All(log.Exceptions, e => Assert.Contains(nameof(Fail), e.StackTrace));
    }

    [Fact]
    public async Task A_part_that_ran_well_for_a_while_starts_again_soon()
    {
        var runs = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = new SupervisedLoop(
            "part",
            async token =>
            {
                if (++runs == 3) await time.DelayAsync(SupervisedLoop.GoodRun, token);
                throw new InvalidOperationException("again");
            },
            time, log).RunAsync(stop.Token);
        foreach (var wait in new[] { TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), SupervisedLoop.GoodRun })
        {
            await time.WhenTimerIsDueIn(wait);
            time.Advance(wait);
        }
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(1));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task It_ends_with_the_part_and_with_the_token()
    {
        await new SupervisedLoop("part", _ => Task.CompletedTask, time, log).RunAsync(Token);
        using var stop = new CancellationTokenSource();
        var running = new SupervisedLoop("part", token => time.DelayAsync(Timeout.InfiniteTimeSpan, token), time, log).RunAsync(stop.Token);
        await stop.CancelAsync();
        await running;
        Assert.Empty(log.Exceptions);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_failure_like_any_other()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = new SupervisedLoop("part", _ => throw new OperationCanceledException("a time-out of its own"), time, log)
            .RunAsync(stop.Token);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(1));
        Assert.Single(log.Exceptions);
        await stop.CancelAsync();
        await running;
    }

    private static Task Fail(ref int runs)
    {
        runs++;
        throw new InvalidOperationException("broken");
    }

    private sealed class Collected : ILogger
    {
        public ConcurrentQueue<Exception> Exceptions { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null) Exceptions.Enqueue(exception);
        }
    }
}
