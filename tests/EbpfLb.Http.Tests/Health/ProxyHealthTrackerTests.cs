using EbpfLb.Http.Health;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Health;

public sealed class ProxyHealthTrackerTests
{
    private readonly ManualTimeProvider time = new();
    private readonly ProxyHealthTracker tracker;

    public ProxyHealthTrackerTests() => tracker = new ProxyHealthTracker(time, TimeSpan.FromSeconds(30));

    [Contract(
        "10",
        "healthy: no change waits for longer than twice the period; the first one sets the clock, a sync clears it, a failed one does "
        + "not; idle and fresh are healthy")]
    [Fact]
    public void A_fresh_server_is_healthy_and_stays_so_while_idle()
    {
        Assert.True(tracker.Report(true).Healthy);
        time.Advance(TimeSpan.FromDays(3));
        var report = tracker.Report(true);
        Assert.True(report.Healthy);
        Assert.Equal(time.GetUtcNow(), report.LastUpdated);
    }

    [Contract(
        "10",
        "healthy: no change waits for longer than twice the period; the first one sets the clock, a sync clears it, a failed one does "
        + "not; idle and fresh are healthy")]
    [Fact]
    public void A_change_may_wait_for_twice_the_sync_period()
    {
        tracker.RecordQueued(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(tracker.Report(true).Healthy);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(tracker.Report(true).Healthy);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_step_of_the_wall_clock_makes_nobody_unhealthy_and_hides_no_failure(int hours)
    {
        tracker.RecordQueued(IpFamily.IPv4);
        time.StepWallClock(TimeSpan.FromHours(hours));
        Assert.True(tracker.Report(true).Healthy);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(tracker.Report(true).Healthy);
    }

    [Fact]
    public void Before_the_first_sync_there_is_no_time_of_the_last_one()
    {
        tracker.RecordQueued(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(60));
        var report = tracker.Report(true);
        Assert.Null(report.LastUpdated);
        Assert.Null(report.Status[IpFamily.IPv4].LastUpdated);
        Assert.NotNull(report.Status[IpFamily.IPv6].LastUpdated);
    }

    [Fact]
    public void A_period_without_end_is_no_overflow()
    {
        var patient = new ProxyHealthTracker(time, TimeSpan.MaxValue);
        patient.RecordQueued(IpFamily.IPv4);
        Assert.True(patient.Report(true).Healthy);
    }

    [Contract(
        "10",
        "healthy: no change waits for longer than twice the period; the first one sets the clock, a sync clears it, a failed one does "
        + "not; idle and fresh are healthy")]
    [Fact]
    public void Later_changes_do_not_move_the_clock_of_the_first_one()
    {
        tracker.RecordQueued(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(50));
        tracker.RecordQueued(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(tracker.Report(true).Healthy);
    }

    [Contract("10", "lastUpdated: now while healthy, else of the last sync")]
    [Fact]
    public void A_sync_clears_what_was_queued_and_last_updated_tells_when_it_was()
    {
        tracker.RecordSynced(IpFamily.IPv4);
        var synced = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(5));
        tracker.RecordQueued(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal(synced, tracker.Report(true).LastUpdated);
        tracker.RecordSynced(IpFamily.IPv4);
        Assert.True(tracker.Report(true).Healthy);
    }

    [Contract("10", "families: each has its own clock")]
    [Fact]
    public void Each_family_keeps_its_own_guard()
    {
        tracker.RecordQueued(IpFamily.IPv4);
        tracker.RecordQueued(IpFamily.IPv6);
        tracker.RecordSynced(IpFamily.IPv4);
        time.Advance(TimeSpan.FromSeconds(60));
        var report = tracker.Report(true);
        Assert.False(report.Healthy);
        Assert.True(report.Status[IpFamily.IPv4].Healthy);
        Assert.False(report.Status[IpFamily.IPv6].Healthy);
        Assert.Equal(time.GetUtcNow(), report.Status[IpFamily.IPv4].LastUpdated);
    }
}
