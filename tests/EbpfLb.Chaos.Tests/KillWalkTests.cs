using EbpfLb.Chaos.Faults;

namespace EbpfLb.Chaos.Tests;

/// <summary>Two of the changes that `make chaos ONLY=agent-killed-at-write` makes.</summary>
public sealed class KillWalkTests(ITestOutputHelper output) : IDisposable
{
    private readonly Bed bed = new(seed: 1);
    private readonly KillOrder order = new();

    [Fact]
    public void Killed_before_each_write_of_a_change_an_agent_leaves_tables_that_serve_and_the_next_one_ends_the_change()
    {
        KillFaults.Obey(bed, order);

        var replaced = Walk("replace");
        var grown = Walk("grow");

        // Which calls there are depends on how many events a round takes together.
        Assert.Contains(replaced, call => call.Contains("lb_services", StringComparison.Ordinal));
        Assert.Contains(grown, call => call.Contains("lb_services", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        bed.Dispose();
        order.Dispose();
    }

    private IReadOnlyList<string> Walk(string name)
    {
        var calls = new KillWalk(bed, order).Walk(ServiceChange.All(bed.Pods, bed.Outside).Single(change => change.Name == name), "write");
        output.WriteLine($"{name}: {string.Join(", ", calls)}");
        return calls;
    }
}
