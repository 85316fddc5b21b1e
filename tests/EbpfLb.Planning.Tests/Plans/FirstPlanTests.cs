using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>The first plan has all services of the cluster, so it is made in steps: what a plan holds is bounded.</summary>
public sealed class FirstPlanTests
{
    private const int Services = 2 * Planner.StepSize + 1000;

    private static readonly TableLimits Room = new()
    {
        MaxServices = 2 * Services, MaxBackends = 4 * Services, MaxSlots = 8 * Services, MaxFrontends4 = 2 * Services + 16,
    };

    private readonly ForwardingTable table = ForwardingCompiler.Compile(
        new LargeCluster(Services, endpointsPerService: 2).Build(), PolicyOptions.Default, null);

    [Fact]
    public void Many_services_go_into_an_empty_kernel_in_steps_and_the_outcome_is_that_of_one_plan()
    {
        var (kernel, results) = InSteps(Room);

        Assert.Equal([Planner.StepSize, Planner.StepSize, Services + 1 - 2 * Planner.StepSize], results.Select(r => r.Planned));
        Assert.Equal(KernelText.Write(AtOnce(Room).Kernel.Content), KernelText.Write(kernel.Content));
        var all = results.Select(r => r.Result).Aggregate((before, next) => next.After(before));
        Assert.True(all.IsComplete);
        Assert.Equal(AtOnce(Room).Result.Counts, all.Counts);
        Assert.Equal(AtOnce(Room).Result.OpenedFrontends, all.OpenedFrontends);
    }

    [Fact]
    public void What_does_not_fit_is_left_out_as_from_one_plan()
    {
        var tight = Room with { MaxBackends = Services / 2 };
        var (kernel, results) = InSteps(tight);

        Assert.NotEmpty(results[^1].Result.LeftOut);
        Assert.Equal(AtOnce(tight).Result.LeftOut, results[^1].Result.LeftOut);
        Assert.Equal(KernelText.Write(AtOnce(tight).Kernel.Content), KernelText.Write(kernel.Content));
    }

    [Fact]
    public void A_kernel_that_has_something_gets_one_plan()
    {
        var first = new MemoryKernel(Room);
        var mirror = new Mirror(Room);
        new PlanApplier(first.Tables, mirror).Apply(Planner.Plan(Planner.Steps(table, mirror).First(), mirror));

        Assert.Same(table, Assert.Single(Planner.Steps(table, mirror)));
        Assert.Same(table, Assert.Single(Planner.Steps(table, MirrorLoader.Load(first.Content, Room))));
    }

    private (MemoryKernel Kernel, List<(int Planned, ApplyResult Result)> Results) InSteps(TableLimits limits)
    {
        var kernel = new MemoryKernel(limits);
        var mirror = new Mirror(limits);
        var applier = new PlanApplier(kernel.Tables, mirror);
        List<(int, ApplyResult)> results = [];
        foreach (var step in Planner.Steps(table, mirror))
        {
            var plan = Planner.Plan(step, mirror);
            results.Add((plan.Groups.Count, applier.Apply(plan)));
        }
        return (kernel, results);
    }

    private (MemoryKernel Kernel, ApplyResult Result) AtOnce(TableLimits limits)
    {
        var kernel = new MemoryKernel(limits);
        var mirror = new Mirror(limits);
        return (kernel, new PlanApplier(kernel.Tables, mirror).Apply(Planner.Plan(table, mirror)));
    }
}
