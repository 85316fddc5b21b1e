using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.History;

/// <summary>The history stays small, whatever comes.</summary>
public sealed class HistoryRingTests
{
    private const int Services = 50_000;

    [Fact]
    public void Older_plans_give_way_by_number_and_are_counted()
    {
        var ring = new HistoryRing(mostPlans: 3, mostBytes: 1 << 20);
        for (var i = 0; i < 5; i++) ring.Add(Plan("x"));
        var (plans, dropped, _) = ring.Read();
        Assert.Equal([3, 4, 5], plans.Select(p => p.Number));
        Assert.Equal(2, dropped);
    }

    [Fact]
    public void Older_plans_give_way_by_bytes_and_one_stays_whatever_its_size()
    {
        var ring = new HistoryRing(mostPlans: 1000, mostBytes: 5_000);
        for (var i = 0; i < 100; i++) ring.Add(Plan(new string('x', 500)));
        Assert.Equal(3, ring.Read().Plans.Count);
        ring.Add(Plan(new string('x', 50_000)));
        Assert.Equal(101, Assert.Single(ring.Read().Plans).Number);
    }

    [Fact]
    public void A_rollout_of_10000_endpoints_keeps_a_few_names_a_plan()
    {
        var test = new HistoryUnderTest();
        var cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], ["http:80"]);
        test.Plan(cluster.Slice("web-1", "web", ["http:8080"], []).Build());
        for (var plan = 0; plan < 4; plan++)
        {
            var first = plan * 5_000;
            test.Plan(cluster.Slice("web-1", "web", ["http:8080"],
                [.. Enumerable.Range(first, 10_000).Select(i => $"10.{1 + i / 65_536}.{i / 256 % 256}.{i % 256}")]).Build());
        }
        Assert.Equal([(10_000, 0), (5_000, 5_000), (5_000, 5_000), (5_000, 5_000)],
            test.Plans.Skip(1).Select(p => (p.Changes[0].Backends!.Added, p.Changes[0].Backends!.Removed)));
        Assert.All(test.Plans.Skip(1), p => Assert.Equal(4, p.Changes[0].Backends!.Names.Count));
    }

    [Fact]
    public void One_endpoint_of_50000_services_allocates_less_than_16_KiB()
    {
        var cluster = new LargeCluster(Services, 5);
        var test = new HistoryUnderTest();
        test.Plan(cluster.Build());
        var most = 0L;
        for (var i = 0; i < 50; i++)
        {
            cluster.ReplaceEndpoint(i * 7);
            var plan = test.Compile(cluster.Build());
            var begin = GC.GetAllocatedBytesForCurrentThread();
            test.History.Record(plan);
            // The first ones make what is kept.
            if (i >= 10) most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - begin);
        }
        Assert.InRange(most, 1, 16 * 1024);
        Assert.Equal(51, test.Plans.Count);
    }

    private static PlanRow Plan(string text) => new(0, default, "source", true, 1, 1, 1)
    {
        Changes = [new ServiceChange("default/web", "changed", [text])],
    };
}
