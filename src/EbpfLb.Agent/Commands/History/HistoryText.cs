using System.Globalization;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Commands.Monitor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.History;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands.History;

/// <summary>Plans for people: a line for each Service that one changed.</summary>
internal static class HistoryText
{
    public static Table Table(IReadOnlyList<PlanRow> plans, bool isWide) => new(
        [
            new("TIME"), new("SERVICE"), new("CHANGE"), new("TOOK", true),
            .. isWide ? new Column[] { new("PLAN", true), new("CAUSE"), new("SERVICES", true), new("OPERATIONS", true) } : [],
            new("WHAT"),
        ],
        [.. plans.SelectMany(plan => Rows(plan).Select(r => (string[])
        [
            DropsCommand.Time(plan.Time), r.Service, r.Change, Took(plan),
            .. isWide ? new[] { $"{plan.Number}", plan.Cause, $"{plan.Services}", $"{plan.Operations}" } : [],
            r.What,
        ]))])
    {
        Tones = [.. plans.SelectMany(Rows).Select(r => r.Tone)],
    };

    public static IEnumerable<(string Text, Tone Tone)> Lines(PlanRow plan)
        => Rows(plan).Select(r => ($"{DropsCommand.Time(plan.Time)} {r.Service} {r.Change}: {r.What} ({Took(plan)})", r.Tone));

    /// <summary>"0.8 ms".</summary>
    private static string Took(PlanRow plan) => string.Create(CultureInfo.InvariantCulture, $"{plan.Milliseconds:0.0} ms");

    private static IEnumerable<(string Service, string Change, string What, Tone Tone)> Rows(PlanRow plan)
    {
        foreach (var change in plan.Changes)
            yield return (change.Service, change.Change, What(change, plan), change.Failed is null ? Tone.None : Tone.Error);
        if (plan.NotListed > 0)
            yield return ("-", "more", $"{plan.NotListed} more Services; in all {plan.Added} added, {plan.Removed} removed, "
                + $"{plan.Changed} changed", Tone.None);
        foreach (var failure in plan.Failures) yield return ("-", "failed", failure + Again(plan), Tone.Error);
        if (plan.FailuresNotListed > 0) yield return ("-", "failed", $"{plan.FailuresNotListed} more failures", Tone.Error);
        if (plan is { Changes.Count: 0, NotListed: 0, Failures.Count: 0 })
            yield return ("-", plan.Cause, $"{plan.Services} Services, {plan.Operations} map operations", Tone.None);
    }

    private static string What(ServiceChange change, PlanRow plan)
    {
        List<string> parts = [.. change.What];
        if (change.Backends is { } backends) parts.Add(BackendText.Of(backends));
        if (change.Failed is { } failed) parts.Add($"FAILED: {failed}{Again(plan)}");
        else if (parts.Count == 0) parts.Add("programmed, after it had failed");
        return string.Join("; ", parts);
    }

    private static string Again(PlanRow plan)
        => plan.RepeatedAt is not { } at ? "" : $" (and {plan.Repeated} times more, at last at {DropsCommand.Time(at)})";
}

/// <summary>Plans as lines of JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PlanRow))]
internal sealed partial class HistoryLines : JsonSerializerContext;
