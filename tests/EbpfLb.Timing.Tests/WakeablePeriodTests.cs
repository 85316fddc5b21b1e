using EbpfLb.Testing.Time;

namespace EbpfLb.Timing.Tests;

public sealed class WakeablePeriodTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider time = new();
    private readonly WakeablePeriod period;

    public WakeablePeriodTests() => period = new WakeablePeriod(time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_ends_when_the_time_is_over_or_when_it_is_woken()
    {
        var waiting = period.WaitAsync(Minute, Token);
        await time.WhenTimerIsDueIn(Minute);
        time.Advance(Minute);
        Assert.False(await waiting);

        waiting = period.WaitAsync(Minute, Token);
        period.Wake();
        Assert.True(await waiting);
        Assert.Empty(time.PendingTimers);
    }

    [Fact]
    public async Task What_wakes_while_nobody_waits_is_kept_once()
    {
        period.Wake();
        period.Wake();
        Assert.True(await period.WaitAsync(Minute, Token));
        Assert.False(await period.WaitAsync(TimeSpan.Zero, Token));
        period.Wake();
        Assert.True(period.TryTake());
        Assert.False(period.TryTake());
    }

    [Fact]
    public async Task A_cancelled_wait_throws_and_the_next_one_works()
    {
        using var stop = new CancellationTokenSource();
        var waiting = period.WaitAsync(Timeout.InfiniteTimeSpan, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        period.Wake();
        Assert.True(await period.WaitAsync(Minute, Token));
    }

    [Fact]
    public async Task Nothing_is_lost_between_many_wakers_and_one_waiter()
    {
        const int Wakers = 4, Each = 2000;
        var asked = 0;
        var seen = 0;
        var wakers = Enumerable.Range(0, Wakers).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                Interlocked.Increment(ref asked);
                period.Wake();
            }
        }, Token)).ToArray();
        while (seen < Wakers * Each)
        {
            Assert.True(await period.WaitAsync(Timeout.InfiniteTimeSpan, Token));
            seen = Volatile.Read(ref asked);
        }
        await Task.WhenAll(wakers);
    }
}
