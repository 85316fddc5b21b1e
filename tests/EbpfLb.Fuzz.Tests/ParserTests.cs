using EbpfLb.Fuzz.Targets;

namespace EbpfLb.Fuzz.Tests;

/// <summary>A sample of what `make fuzz` gives the parsers, always the same.</summary>
public sealed class ParserTests
{
    private const int Seed = 1;
    private const int Inputs = 400;

    public static TheoryData<string> Names { get; } = [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_read_is_read_or_refused_with_a_reason(string name)
    {
        var target = FuzzTargets.All.Single(target => target.Name == name);

        var report = new FuzzRun(target, Seed).Run(Inputs);

        Assert.True(report.Findings.Count == 0, string.Join('\n', report.Findings));
        // Or the damage is such that nothing is tested.
        Assert.True(report.Read > Inputs / 100, report.ToString());
    }
}
