using EbpfLb.Model;

namespace EbpfLb.Agent.Verifying;

/// <summary>What came of one comparison.</summary>
/// <param name="Repaired">Those of the differences that are gone.</param>
/// <param name="NotCompared">What could not be compared, and why.</param>
/// <param name="IsComplete">Everything was compared that can be.</param>
internal sealed record Verification(
    IReadOnlyList<ComparedElements> Compared,
    IReadOnlyList<Difference> Differences,
    IReadOnlySet<Difference> Repaired,
    IReadOnlyList<string> NotCompared,
    TimeSpan Duration,
    bool IsComplete);
