using EbpfLb.Model;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Schedulers;

namespace EbpfLb.E2E.Schedulers;

/// <summary>
/// Real connections through the socket hooks to a service of each scheduler, beside the model of IPVS that the packet programs are held to:
/// long and short ones mixed, agents that are killed, endpoints that come and go.
/// </summary>
public sealed class SchedulerTests(TestNode node) : IClassFixture<TestNode>
{
    /// <summary>Of pods a, b and c.</summary>
    private static readonly int[] Weights = [3, 1, 2];

    public static TheoryData<Scheduler, Family> All => new(
        from scheduler in Enum.GetValues<Scheduler>()
        from family in new[] { Family.IPv4, Family.IPv6 }
        select (scheduler, family));

    public static TheoryData<Scheduler> Least =>
        [Scheduler.LeastConnection, Scheduler.WeightedLeastConnection, Scheduler.ShortestExpectedDelay, Scheduler.NeverQueue];

    [Theory]
    [MemberData(nameof(All))]
    public void Each_connection_goes_where_IPVS_would_send_it(Scheduler scheduler, Family family)
    {
        using var lab = new SchedulerLab(node, scheduler, family, Weights);
        lab.Run(60);

        Assert.Equal(lab.Model.Active.Select(n => (long)n), lab.OpenCounts());
    }

    [Theory]
    [MemberData(nameof(Least))]
    public void Counts_go_on_when_the_agent_is_killed(Scheduler scheduler)
    {
        using var lab = new SchedulerLab(node, scheduler, Family.IPv4, Weights);
        lab.Run(20);
        node.Agent.Kill();
        lab.Run(20);
        node.Agent.Launch();
        node.Agent.WaitUntilReady();
        lab.Run(20);

        Assert.Equal(lab.Model.Active.Select(n => (long)n), lab.OpenCounts());
    }

    [Theory]
    [MemberData(nameof(Least))]
    public void Endpoints_come_and_go_and_the_others_keep_their_counts(Scheduler scheduler)
    {
        using var lab = new SchedulerLab(node, scheduler, Family.IPv6, Weights);
        lab.Run(20);
        lab.EndAll(backend: 2);
        lab.Change([3, 1, 0]);
        lab.Run(20);
        lab.Change(Weights);
        lab.Run(20);

        Assert.Equal(lab.Model.Active.Select(n => (long)n), lab.OpenCounts());
    }

    [Fact]
    public void Connections_of_a_client_that_is_killed_are_counted_as_ended()
    {
        using var lab = new SchedulerLab(node, Scheduler.LeastConnection, Family.IPv4, Weights);
        using (var client = NetProbe.Start(node.Client.Place))
        {
            client.Do($"hold id=h to={lab.Address} count=30");
            Assert.Equal([10, 10, 10], lab.OpenCounts());
        }
        Eventually.True(() => lab.OpenCounts().All(n => n == 0), "the connections of the killed client to be counted as ended");
    }

    [Fact]
    public void A_scheduler_that_is_none_leaves_the_last_one_in_force_and_status_says_so()
    {
        using var lab = new SchedulerLab(node, Scheduler.RoundRobin, Family.IPv4, Weights);
        lab.Annotate("ebpflb.io/scheduler", "best");
        Eventually.True(() => node.Agent.Command("status").Output.Contains(
            $"Service default/{lab.Name}, metadata.annotations[ebpflb.io/scheduler]: is \"best\", and must be random, rr, wrr, lc, wlc, "
                + $"sh, dh, "
                + "sed, nq or maglev; the scheduler stays as before", StringComparison.Ordinal), "status to name the annotation");
        lab.Run(20);
        Assert.Contains(" rr ", node.Agent.Command("services", $"default/{lab.Name}").Output, StringComparison.Ordinal);
    }
}
