using System.Text.Json;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.E2E.Metrics;

/// <summary>
/// deploy/prometheus and deploy/grafana: promtool accepts them, and what they name is there. docs/metrics.md, which is held against a
/// running agent, says which metrics there are.
/// </summary>
[Trait("needs", "promtool")]
public sealed partial class AlertTests : IDisposable
{
    private static readonly string Rules = Path.Combine(RepositoryPaths.Root, "deploy", "prometheus", "rules.yaml");
    private static readonly string RuleTests = Path.Combine(RepositoryPaths.Root, "deploy", "prometheus", "tests.yaml");

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-alerts-");

    private static string Dashboard { get; } = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "deploy", "grafana", "ebpflb.json"));

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void Each_alert_fires_when_it_should_and_not_before()
    {
        Promtool("check", "rules", Rules);
        Promtool("test", "rules", RuleTests);

        var tried = Expected().Matches(File.ReadAllText(RuleTests)).Select(m => m.Groups["name"].Value).Distinct();
        Assert.Equal(Alerts().Select(a => a.Name), tried);
    }

    [Fact]
    public void Each_alert_has_a_section_that_says_what_to_do()
    {
        var sections = Section().Matches(Page("operations/alerts.md")).Select(m => m.Groups["name"].Value);

        Assert.Equal(Alerts().Select(a => a.Name), sections);
        Assert.All(Alerts(), a => Assert.Equal($"docs/operations/alerts.md#{a.Name.ToLowerInvariant()}", a.Runbook));
    }

    [Fact]
    public void Every_metric_reason_and_map_that_they_name_exists()
    {
        var named = string.Join('\n', Alerts().Select(a => a.Expression).Concat(Queries()));
        var metrics = Metric().Matches(Page("metrics.md")).Select(m => m.Value).ToHashSet();
        var reasons = Reason().Matches(Page("operations/reasons.md")).Select(m => m.Value).ToHashSet();

        var asked = Metric().Matches(named).Select(m => BucketEnd().Replace(m.Value, "")).Distinct().ToList();
        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(metrics));
        var dropped = Reason().Matches(named).Select(m => m.Value).ToList();
        Assert.NotEmpty(dropped);
        Assert.Empty(dropped.Except(reasons));
        var maps = MapName().Matches(named).Select(m => m.Value).ToList();
        Assert.NotEmpty(maps);
        Assert.Empty(maps.Except(MapName().Matches(Page("maps.md")).Select(m => m.Value)));
    }

    [Fact]
    public void Each_query_of_the_dashboard_is_one()
    {
        // As Grafana fills them in.
        var queries = Queries().Select(q => q.Replace("$instance", "n1", StringComparison.Ordinal)
            .Replace("$__rate_interval", "1m", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(queries, q => q.Contains('$', StringComparison.Ordinal));
        var file = Path.Combine(directory.FullName, "queries.yaml");
        File.WriteAllText(file, "groups:\n- name: queries\n  rules:\n"
            + string.Concat(queries.Select((q, i) => $"  - record: query:{i}\n    expr: {JsonSerializer.Serialize(q)}\n")));

        Assert.Contains($"{queries.Count} rules found", Promtool("check", "rules", file), StringComparison.Ordinal);
        var panels = JsonDocument.Parse(Dashboard).RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(p => p.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.Equal(panels.Count, panels.Select(p => p.GetProperty("gridPos").GetRawText()).Distinct().Count());
    }

    private static IEnumerable<string> Queries() =>
        from panel in JsonDocument.Parse(Dashboard).RootElement.GetProperty("panels").EnumerateArray()
        from target in panel.GetProperty("targets").EnumerateArray()
        select target.GetProperty("expr").GetString()!;

    private static IEnumerable<(string Name, string Expression, string Runbook)> Alerts()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Rules)));
        return
            from YamlMappingNode @group in ((YamlSequenceNode)stream.Documents[0].RootNode["groups"]).Children
            from YamlMappingNode rule in ((YamlSequenceNode)@group["rules"]).Children
            select (rule["alert"].ToString(), rule["expr"].ToString(), rule["annotations"]["runbook"].ToString());
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", name));

    private static string Promtool(params string[] arguments)
    {
        var (code, said) = ChildProcess.Run(new ProcessPlace(null, null), [RepositoryPaths.Tool("promtool"), .. arguments]);
        Assert.True(code == 0, said);
        return said;
    }

    [GeneratedRegex(@"^  - alertname: (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Expected();

    [GeneratedRegex(@"^## (?<name>EbpfLb\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Section();

    [GeneratedRegex(@"\b(ebpflb|kubeproxy|process|rest_client)_[a-z0-9_]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Metric();

    [GeneratedRegex("_bucket$", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex BucketEnd();

    [GeneratedRegex(@"\bdrop_[a-z_]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Reason();

    [GeneratedRegex(@"\blb_[a-z0-9_]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex MapName();
}
