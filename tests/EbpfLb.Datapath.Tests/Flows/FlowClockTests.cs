using EbpfLb.Datapath.Flows;
using EbpfLb.Testing.Time;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class FlowClockTests
{
    [Fact]
    public void The_systems_clock_counts_the_ticks_of_the_kernel()
    {
        // The first number of /proc/uptime is CLOCK_BOOTTIME, which is CLOCK_MONOTONIC on a machine that never slept, or later.
        var clock = new FlowClock(TimeProvider.System);
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0]);
        Assert.InRange(clock.Now, 1u, (uint)(uptime / FlowClock.Tick.TotalSeconds) + 1);
        Assert.Equal(1.073741824, FlowClock.Tick.TotalSeconds, 6);
    }

    [Theory]
    [InlineData("monotonic           0         0\nboottime            0         0\n", 0)]
    [InlineData("monotonic       86400         5\nboottime            7         0\n", 86_400_000_000_005)]
    [InlineData("monotonic          -2 500000000\nboottime           -2 500000000\n", -1_500_000_000)]
    [InlineData("", 0)]
    public void The_offset_of_a_time_namespace_is_known(string offsets, long nanoseconds)
        => Assert.Equal(nanoseconds, FlowClock.OffsetOf(offsets));

    [Fact]
    public void A_tick_passes_every_1_07_seconds()
    {
        var time = new ManualTimeProvider();
        var clock = new FlowClock(time);
        var before = clock.Now;
        time.Advance(100 * FlowClock.Tick);
        Assert.InRange(FlowClock.Idle(before, clock.Now), 99u, 100u);
        Assert.Equal(TimeSpan.Zero, FlowClock.IdleTime(5, 5));
        Assert.Equal(10.7, FlowClock.IdleTime(5, 15).TotalSeconds, 0.1);
    }

    [Fact]
    public void A_moment_of_the_kernel_becomes_one_of_the_wall()
    {
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(1_000_000_000, TimeProvider.System.TimestampFrequency);
        var nanoseconds = (ulong)TimeProvider.System.GetTimestamp();
        var time = new FlowClock(TimeProvider.System).TimeOf(nanoseconds - 60_000_000_000);
        Assert.InRange(time, now.AddMinutes(-1.1), now.AddMinutes(-0.9));
    }
}
