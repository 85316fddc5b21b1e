using System.Text.RegularExpressions;
using EbpfLb.E2E.RemovedEndpoints;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Metrics;

/// <summary>
/// The table of docs/metrics.md names every metric of an agent that serves manifests, and no other. With EBPFLB_GOLDEN=write its table is
/// written anew.
/// </summary>
public sealed partial class DocumentedMetricsTests : IDisposable
{
    private const string Begin = "| metric | type | labels | meaning |\n|---|---|---|---|\n";

    private readonly TestNode node = new();

    public void Dispose() => node.Dispose();

    [Contract("15", "all that are of no mode: names, types and labels")]
    [Fact]
    public void The_table_of_metrics_is_what_an_agent_exports()
    {
        var service = node.Publish("a");
        Assert.True(node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 5 }).Answered == 5);
        node.Agent.Command("verify");
        // What is not known yet is absent.
        Eventually.True(() => node.Agent.StaleUdp() is not null && node.Agent.Untranslated() is not null, () => node.Agent.Log);
        var table = TableOf(node.Agent.Metrics());

        var file = Path.Combine(RepositoryPaths.Root, "docs", "metrics.md");
        var text = File.ReadAllText(file);
        var start = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf("\n\n", start - 1, StringComparison.Ordinal) + 1;
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write") File.WriteAllText(file, text[..start] + table + text[end..]);
        else Assert.True(table == text[start..end],
            $"docs/metrics.md differs from what an agent exports: run this test with EBPFLB_GOLDEN=write. It exports\n{table}");
    }

    private static string TableOf(string metrics)
    {
        var types = TypeLine().Matches(metrics)
            .ToDictionary(m => m.Groups["name"].Value, m => m.Groups["type"].Value, StringComparer.Ordinal);
        var help = HelpLine().Matches(metrics)
            .ToDictionary(m => m.Groups["name"].Value, m => m.Groups["help"].Value, StringComparer.Ordinal);
        // The others are told of below the table, with when they come.
        var shown = types.Where(t => SamplesOf(metrics, t.Key).Any()).OrderBy(t => t.Key, StringComparer.Ordinal);
        return string.Concat(shown.Select(t
            => $"| `{t.Key}` | {t.Value} | {string.Join(", ", LabelsOf(metrics, t.Key))} | {help[t.Key]} |\n"));
    }

    private static IEnumerable<Match> SamplesOf(string metrics, string name) => SampleLine().Matches(metrics)
        .Where(m => m.Groups["name"].Value is var sample
            && (sample == name || sample == name + "_bucket" || sample == name + "_sum" || sample == name + "_count"));

    private static IEnumerable<string> LabelsOf(string metrics, string name) => SamplesOf(metrics, name)
        .SelectMany(m => LabelName().Matches(m.Groups["labels"].Value))
        .Select(m => m.Groups["label"].Value)
        .Where(l => l != "le")
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal);

    [GeneratedRegex(
        @"^# TYPE (?<name>\S+) (?<type>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex TypeLine();

    [GeneratedRegex(
        @"^# HELP (?<name>\S+) (?<help>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^(?<name>[a-z_:]+)(\{(?<labels>.*)\})? \S+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 5000)]
    private static partial Regex SampleLine();

    [GeneratedRegex(@"(?<label>[a-z_]+)=""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex LabelName();
}
