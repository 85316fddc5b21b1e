using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Tests.Plans;

public sealed partial class ShortRoomTests
{
    [Fact]
    public void What_does_not_fit_is_not_made_and_not_even_looked_at_again_while_nothing_changes()
    {
        var lab = new Lab(Room with { MaxBackends = 4096 });
        lab.Cluster.Service("a", ["10.96.0.1"], [":80"], scheduler: Scheduler.Maglev, maglevTableSize: NeverFits)
            .Slice("a-1", "a", [":8080"], [.. Enumerable.Range(0, 2000).Select(i => $"10.1.{i / 250}.{i % 250}")]);
        Put(lab, "b", 2);
        // What the methods need the first time is none of it.
        lab.Step();
        Put(lab, "b", 3);
        lab.Step();
        Put(lab, "c", 2);
        var first = BytesOf(lab, out var diagnostic);
        Put(lab, "a-other", 2);
        var next = BytesOf(lab, out var again);

        Assert.Equal(("a", "lb_maglev"), (diagnostic.Service.Name, diagnostic.Table));
        Assert.Equal(diagnostic, again);
        Assert.True(first < 40_000 && next < 40_000, $"{first} and {next} bytes");
    }

    [Fact]
    public void What_does_not_fit_costs_no_table_the_first_time_either()
    {
        var lab = new Lab(Room);
        lab.Step();
        lab.Cluster.Service("a", ["10.96.0.1"], [":80"], scheduler: Scheduler.Maglev, maglevTableSize: NeverFits)
            .Slice("a-1", "a", [":8080"], ["10.1.0.1", "10.1.0.2"]);
        lab.Compile();

        Assert.InRange(BytesOf(lab, out _), 1, 4 * NeverFits / 4);
    }

    /// <summary>Thousands that wait for room cost a place in two tables each, and no order among them.</summary>
    [Fact]
    public void What_waits_for_room_costs_a_change_of_another_Service_little()
    {
        const int waiting = 5000;
        var lab = new Lab(Room with { MaxServices = 8, MaxFrontends4 = 8192, MaxBackends = 8192 });
        for (var i = 0; i < waiting; i++)
            lab.Cluster.Service($"s{i:d4}", [$"10.98.{i / 250}.{i % 250}"], [":80"])
                .Slice($"s{i:d4}-1", $"s{i:d4}", [":8080"], ["10.1.0.1", "10.1.0.2"]);
        Put(lab, "kube-system/dns", 1);
        lab.Step();
        Put(lab, "kube-system/dns", 2);
        lab.Step();
        Put(lab, "kube-system/dns", 3);
        var table = lab.Compile();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var plan = Planner.Plan(table, lab.Mirror);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(plan.Diagnostics.Length, waiting - 8, waiting);
        lab.Applier.Apply(plan);
        Assert.InRange(bytes, 1, 200 * waiting);
    }

    /// <summary>Allocated by a plan.</summary>
    private static long BytesOf(Lab lab, out Planning.Plans.PlanDiagnostic diagnostic)
    {
        var table = lab.Compile();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var plan = Planner.Plan(table, lab.Mirror);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        diagnostic = Assert.Single(plan.Diagnostics);
        lab.Applier.Apply(plan);
        return bytes;
    }
}
