using EbpfLb.Model;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests;

/// <summary>
/// A change costs what it touches, not what the cluster is large: counted in bytes, which do not depend on the machine's load.
/// </summary>
public sealed class ChangeCostTests
{
    private const int Services = 50_000;
    private const int Changes = 100;
    private const int MostBytes = 64 * 1024;

    private readonly TableLimits limits = new()
    {
        MaxServices = 65_536, MaxBackends = 524_288, MaxSlots = 1_048_576, MaxFrontends4 = 131_072, MaxFrontends6 = 64,
    };

    private readonly LargeCluster cluster = new(Services, 5);
    private readonly Mirror mirror;
    private readonly PlanApplier applier;
    private ForwardingTable table = ForwardingTable.Empty;

    public ChangeCostTests()
    {
        mirror = new Mirror(limits);
        applier = new PlanApplier(new MemoryKernel(limits).Tables, mirror);
        Step();
    }

    [Fact]
    public void One_endpoint_of_50000_services_allocates_less_than_64_KiB_from_the_object_to_the_flip()
    {
        Assert.InRange(BytesOf(i => cluster.ReplaceEndpoint(i * 7 % Services), flips: 1), 1, MostBytes);
    }

    [Fact]
    public void Services_that_come_and_go_among_50000_allocate_less_than_64_KiB_each()
    {
        Assert.InRange(BytesOf(i => cluster.Remove(Services / 2 + i), flips: 0), 1, MostBytes);
        Assert.InRange(BytesOf(i => cluster.Add(Services / 2 + i), flips: 2), 1, MostBytes);
    }

    [Fact]
    public void A_look_for_what_changed_allocates_the_same_after_many_snapshots_that_nobody_took()
    {
        for (var i = 0; i < Changes; i++)
        {
            cluster.ReplaceEndpoint(i);
            cluster.Build();
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = Step();
        Assert.Equal(Changes, result.Counts.Flips);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Changes, 1, MostBytes);
    }

    /// <summary>Bytes that one change allocates, the first few left out: they make what is kept.</summary>
    private long BytesOf(Action<int> change, int flips)
    {
        var begin = 0L;
        for (var i = 0; i < Changes; i++)
        {
            if (i == Changes / 10) begin = GC.GetAllocatedBytesForCurrentThread();
            change(i);
            Assert.Equal(flips, Step().Counts.Flips);
        }
        return (GC.GetAllocatedBytesForCurrentThread() - begin) / (Changes - Changes / 10);
    }

    private ApplyResult Step()
    {
        table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, table);
        var result = applier.Apply(Planner.Plan(table, mirror));
        Assert.True(result.IsComplete);
        applier.Retire(result.Retired);
        return result;
    }
}
