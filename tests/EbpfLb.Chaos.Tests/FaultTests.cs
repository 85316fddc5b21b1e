using EbpfLb.Chaos.Faults;

namespace EbpfLb.Chaos.Tests;

/// <summary>A sample of what `make chaos` does, in the same order each time.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const int Seed = 1;

    private static readonly string[] Sample = ["api-lies", "agent-killed", "pins", "entries", "changes"];

    [Fact]
    public void After_each_fault_all_is_right_again_and_no_held_connection_is_lost()
    {
        var faults = Fault.All.Where(fault => Sample.Contains(fault.Name)).ToArray();
        new Random(Seed).Shuffle(faults);
        using var bed = new Bed(Seed);
        foreach (var fault in faults)
            output.WriteLine($"{fault}: right again after {bed.Suffer(fault, isShort: true).Took.TotalSeconds:0.0} s");
        Assert.Equal(Sample.Length, faults.Length);
    }
}
