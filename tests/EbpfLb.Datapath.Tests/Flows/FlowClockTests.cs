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
