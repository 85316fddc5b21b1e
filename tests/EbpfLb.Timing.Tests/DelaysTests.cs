using EbpfLb.Testing.Time;

namespace EbpfLb.Timing.Tests;

public sealed class DelaysTests
{
    private readonly ManualTimeProvider time = new();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-1e9)]
    public async Task Nothing_to_wait_for_is_no_wait(double seconds)
        => await time.DelayAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_year_and_more_than_a_timer_holds_is_waited_for_in_slices()
    {
        var year = TimeSpan.FromHours(8760);
        var waiting = time.DelayAsync(year, TestContext.Current.CancellationToken);
        for (var left = year; left > TimeSpan.Zero;)
        {
            var slice = left < Delays.LongestSlice ? left : Delays.LongestSlice;
            await time.WhenTimerIsDueIn(slice);
            Assert.False(waiting.IsCompleted);
            time.Advance(slice);
            left -= slice;
        }
        await waiting;
    }

    [Fact]
    public async Task The_longest_time_that_there_is_can_be_waited_for_and_cancelled()
    {
        foreach (var duration in new[] { TimeSpan.MaxValue, Timeout.InfiniteTimeSpan })
        {
            using var stop = new CancellationTokenSource();
            var waiting = TimeProvider.System.DelayAsync(duration, stop.Token);
            Assert.False(waiting.IsCompleted);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }
    }

    [Fact]
    public void A_deadline_does_not_notice_a_step_of_the_wall_clock()
    {
        var deadline = new Deadline(time, TimeSpan.FromMinutes(1));
        time.StepWallClock(TimeSpan.FromHours(-1));
        Assert.Equal(TimeSpan.FromMinutes(1), deadline.Left);
        time.StepWallClock(TimeSpan.FromDays(3));
        Assert.False(deadline.HasPassed);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(deadline.HasPassed);
        Assert.False(new Deadline(time, TimeSpan.MaxValue).HasPassed);
    }

    [Fact]
    public void Waits_after_failures_double_up_to_any_bound()
    {
        var bound = TimeSpan.FromSeconds(30);
        var backOff = new BackOff(() => bound);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 7).Select(_ => backOff.Next().TotalSeconds));
        bound = TimeSpan.MaxValue;
        for (var i = 0; i < 100; i++) Assert.True(backOff.Next() > TimeSpan.Zero);
        backOff.Reset();
        Assert.Equal(1, backOff.Next().TotalSeconds);
    }
}
