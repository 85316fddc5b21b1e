using System.Text.Json.Serialization;
using EbpfLb.Agent.Verification;

namespace EbpfLb.Agent.Control;

/// <summary>The answer of `ebpflb verify`.</summary>
/// <param name="Origin">"agent", or "maps" when no agent answered and the pinned maps were compared with each other.</param>
/// <param name="DryRun">Nothing was repaired because nothing should be.</param>
/// <param name="NotCompared">What could not be compared, and why.</param>
internal sealed record VerifyReport(
    string Origin,
    bool Equal,
    bool DryRun,
    IReadOnlyList<ComparedRow> Compared,
    IReadOnlyList<DifferenceRow> Differences,
    IReadOnlyList<string> NotCompared,
    double Seconds)
{
    /// <summary>
    /// Everything was compared that can be: false where the API server did not answer, or nothing has been programmed yet; a source of
    /// files is not compared.
    /// </summary>
    public bool Complete { get; init; }

    /// <summary>
    /// It is known whether something differs: not where nothing was found and not all could be compared. Of the maps alone no more is
    /// asked, and an older agent that does not say gives a reason where there is one.
    /// </summary>
    [JsonIgnore]
    public bool IsKnown => !Equal || Complete || NotCompared.Count == 0 || Origin == Control.Origin.Maps;

    public static VerifyReport Of(string origin, VerificationResult result, bool dryRun) => new(
        origin,
        result.Differences.Count == 0,
        dryRun,
        [.. result.Compared.Select(c => new ComparedRow(c.Stage.ToString().ToLowerInvariant(), c.What, c.Elements))],
        [.. result.Differences.Select(d => new DifferenceRow(
            d.Stage.ToString().ToLowerInvariant(), d.Object, d.Field, d.Expected, d.Found,
            result.Repaired.Contains(d)) { Service = d.Service })],
        result.NotCompared,
        result.Duration.TotalSeconds) { Complete = result.IsComplete };
}

/// <param name="Stage">"api", "table", "mirror" or "kernel".</param>
internal sealed record ComparedRow(string Stage, string What, long Elements);

/// <param name="Field">"-": the object as a whole.</param>
internal sealed record DifferenceRow(string Stage, string Object, string Field, string Expected, string Found, bool Repaired)
{
    /// <summary>"default/web:http", whose it is; null: no service port's, or the object names it.</summary>
    public string? Service { get; init; }
}
