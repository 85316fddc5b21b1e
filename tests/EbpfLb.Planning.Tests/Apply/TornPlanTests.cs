using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests.Apply;

/// <summary>
/// An exception in the middle of a plan, wherever it comes: what is in the kernel keeps its ids, and the next plan makes all as it should
/// be.
/// </summary>
public sealed class TornPlanTests
{
    private const int MostOperations = 200;

    [Fact]
    public void Wherever_a_change_is_torn_the_tables_stay_safe_and_the_next_plan_makes_them_right()
    {
        var torn = 0;
        for (; torn < MostOperations; torn++)
        {
            var tear = new Tear();
            var lab = Start(tear);
            lab.Step();
            lab.Retire();
            Change(lab);
            tear.After = torn;
            if (!TryStep(lab)) AssertHeals(lab, tear);
            else break;
        }
        Assert.InRange(torn, 20, MostOperations - 1);
    }

    [Fact]
    public void Wherever_the_first_plan_is_torn_the_next_one_makes_all_right()
    {
        var torn = 0;
        for (; torn < MostOperations; torn++)
        {
            var tear = new Tear { After = torn };
            var lab = Start(tear);
            if (!TryStep(lab)) AssertHeals(lab, tear);
            else break;
        }
        Assert.InRange(torn, 10, MostOperations - 1);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(13)]
    public void A_plan_that_is_torn_again_and_again_takes_no_more_ids_than_it_needs_in_the_end(int every)
    {
        var tear = new Tear();
        var lab = Start(tear);
        lab.Step();
        lab.Retire();
        Change(lab);
        for (var i = 0; i < 10; i++)
        {
            tear.After = every + i;
            if (TryStep(lab)) break;
            tear.After = null;
            lab.Applier.Recover();
            lab.AssertSafe();
        }
        AssertHeals(lab, tear);
    }

    [Fact]
    public void What_an_abandoned_plan_had_taken_is_free_again()
    {
        var lab = Start(new Tear());
        var table = lab.Compile();
        var builder = new PlanBuilder(table, lab.Mirror);
        foreach (var service in table.Services) builder.PlanService(service.Name, service);
        Assert.NotEqual((0, 0, 0), (lab.Mirror.BackendsInUse, lab.Mirror.ServicesInUse, lab.Mirror.SlotsInUse));
        builder.Abandon();
        Assert.Equal((0, 0, 0), (lab.Mirror.BackendsInUse, lab.Mirror.ServicesInUse, lab.Mirror.SlotsInUse));
        lab.Step();
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }

    private static Lab Start(Tear tear)
    {
        var lab = new Lab(faults: tear, closing: true);
        lab.Cluster
            .Service("a", ["10.96.0.1", "fd00::1"], ["http:80", "admin:81"], affinity: 60)
            .Slice("a-1", "a", ["http:8080", "admin:8081"], ["10.1.0.1", "10.1.0.2"])
            .Slice("a-2", "a", ["http:8080"], ["fd00:1::1"])
            .Service("b", ["10.96.0.2"], ["http:80"])
            .Slice("b-1", "b", ["http:8080"], ["10.1.0.3"])
            .Service("gone", ["10.96.0.3"], ["http:80"])
            .Slice("gone-1", "gone", ["http:8080"], ["10.1.0.4"]);
        return lab;
    }

    /// <summary>One of everything: lists that change, a Service that comes, one that goes, and a frontend that moves to another.</summary>
    private static void Change(Lab lab) => lab.Cluster
        .Slice("a-1", "a", ["http:8080", "admin:8081"], ["10.1.0.2", "10.1.0.7"])
        .Slice("a-2", "a", ["http:8080"], ["fd00:1::2"])
        .RemoveService("gone")
        .Service("next", ["10.96.0.3"], ["http:80"])
        .Slice("next-1", "next", ["http:8080"], ["10.1.0.9"])
        .Service("new", ["10.96.0.5"], ["http:80"])
        .Slice("new-1", "new", ["http:8080"], ["10.1.0.8"]);

    private static bool TryStep(Lab lab)
    {
        try
        {
            lab.Step();
            return true;
        }
        catch (TornException)
        {
            return false;
        }
    }

    private static void AssertHeals(Lab lab, Tear tear)
    {
        tear.After = null;
        lab.AssertSafe();
        lab.Applier.Recover();
        Assert.True(lab.Step().IsComplete);
        lab.Retire();
        lab.AssertKernelIsTable();
        lab.AssertNothingIsLeftOver();
    }

    private sealed class TornException : Exception;

    /// <summary>Throws before one of the operations.</summary>
    private sealed class Tear : IFaults
    {
        /// <summary>After so many; null: not at all.</summary>
        public int? After { get; set; }

        public TableError Next(string table, TableOperation operation)
        {
            if (After is not { } left) return TableError.None;
            After = left - 1;
            return left > 0 ? TableError.None : throw new TornException();
        }
    }
}
