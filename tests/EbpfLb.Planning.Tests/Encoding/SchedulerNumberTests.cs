using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Planning.Tests.Encoding;

public sealed class SchedulerNumberTests
{
    private static readonly Dictionary<Scheduler, LbScheduler> Same = new()
    {
        [Scheduler.Random] = LbScheduler.Random, [Scheduler.RoundRobin] = LbScheduler.Rr, [Scheduler.WeightedRoundRobin] = LbScheduler.Wrr,
        [Scheduler.LeastConnection] = LbScheduler.Lc, [Scheduler.WeightedLeastConnection] = LbScheduler.Wlc,
        [Scheduler.SourceHash] = LbScheduler.Sh, [Scheduler.DestinationHash] = LbScheduler.Dh,
        [Scheduler.ShortestExpectedDelay] = LbScheduler.Sed, [Scheduler.NeverQueue] = LbScheduler.Nq,
            [Scheduler.Maglev] = LbScheduler.Maglev,
    };

    [Fact]
    public void The_programs_have_the_numbers_of_the_model()
    {
        Assert.Equal(Enum.GetValues<Scheduler>(), Same.Keys.Order());
        Assert.Equal(Enum.GetValues<LbScheduler>().Length, Same.Count);
        Assert.All(Same, pair => Assert.Equal((int)pair.Key, (int)pair.Value));
    }
}
