namespace EbpfLb.Model.Tests;

public sealed class SchedulerTests
{
    /// <summary>The names of ipvsadm(8), --scheduler, and ours.</summary>
    [Theory]
    [InlineData("random", Scheduler.Random)]
    [InlineData("rr", Scheduler.RoundRobin)]
    [InlineData("wrr", Scheduler.WeightedRoundRobin)]
    [InlineData("lc", Scheduler.LeastConnection)]
    [InlineData("wlc", Scheduler.WeightedLeastConnection)]
    [InlineData("sh", Scheduler.SourceHash)]
    [InlineData("dh", Scheduler.DestinationHash)]
    [InlineData("sed", Scheduler.ShortestExpectedDelay)]
    [InlineData("nq", Scheduler.NeverQueue)]
    [InlineData("maglev", Scheduler.Maglev)]
    public void Every_scheduler_has_its_name(string name, Scheduler scheduler)
    {
        Assert.True(SchedulerNames.TryParse(name, out var read));
        Assert.Equal(scheduler, read);
        Assert.Equal(name, scheduler.ToText());
        Assert.Contains(name, SchedulerNames.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void No_scheduler_is_without_a_name()
        => Assert.All(Enum.GetValues<Scheduler>(), s => Assert.True(SchedulerNames.TryParse(s.ToText(), out var read) && read == s));

    [Fact]
    public void The_name_that_IPVS_has_for_Maglev_is_read()
        => Assert.True(SchedulerNames.TryParse("mh", out var scheduler) && scheduler == Scheduler.Maglev);

    [Theory]
    [InlineData("")]
    [InlineData("RR")]
    [InlineData("lblc")]
    [InlineData("1")]
    public void Other_names_are_none(string text) => Assert.False(SchedulerNames.TryParse(text, out _));

    [Theory]
    [InlineData(251, true)]
    [InlineData(16381, true)]
    [InlineData(65521, true)]
    [InlineData(131071, true)]
    [InlineData(241, false)]
    [InlineData(131101, false)]
    [InlineData(16382, false)]
    [InlineData(16383, false)]
    [InlineData(289, false)]
    [InlineData(0, false)]
    [InlineData(-251, false)]
    [InlineData(4294967291, false)]
    public void A_Maglev_table_has_a_prime_of_entries(long size, bool allowed) => Assert.Equal(allowed, MaglevTableSize.IsAllowed(size));
}
