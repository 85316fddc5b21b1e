using System.Globalization;
using System.Net;
using System.Text.Json;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Metrics;

/// <summary>What a real Prometheus makes of a real agent.</summary>
[Trait("needs", "prometheus")]
[Trait("needs", "promtool")]
[Trait("needs", "curl")]
public sealed class PrometheusTests : IDisposable
{
    private const int Port = 9090;

    // Its own look at the hooks connects, too, which counts.
    private readonly TestNode node = new(["--sync-period", "10m"]);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("elbprom");

    public void Dispose()
    {
        node.Dispose();
        directory.Delete(recursive: true);
    }

    [Fact]
    public void Connections_that_were_counted_can_be_asked_for()
    {
        var service = node.Publish("a");
        var before = Value("ebpflb_connections_total");
        Assert.True(node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 25 }).Answered == 25);
        Eventually.True(() => Value("ebpflb_connections_total") == before + 25, "the agent to count 25 connections");

        var config = Path.Combine(directory.FullName, "prometheus.yml");
        File.WriteAllText(config, $$"""
            global: {scrape_interval: 1s}
            scrape_configs:
            - job_name: ebpflb
              static_configs: [{targets: ["127.0.0.1:{{AgentProcess.MetricsPort}}"]}]
            """);
        using var prometheus = ChildProcess.Start(node.Node.Place,
        [
            RepositoryPaths.Tool("prometheus"), $"--config.file={config}", $"--storage.tsdb.path={directory.FullName}/data",
            $"--web.listen-address=127.0.0.1:{Port}",
        ]);

        Eventually.True(() => Query("up{job=\"ebpflb\"}") == 1, () => $"Prometheus to scrape the agent. It says:\n{prometheus.Output}");
        Assert.Equal(before + 25, Query("ebpflb_connections_total"));
        Assert.Equal(0, Query("sum(ebpflb_verify_differences_total)"));
        Assert.True(Query("ebpflb_source_staleness_seconds") >= 0);
        Assert.True(Query("ebpflb_map_entries{map=\"lb_services4\"} / ebpflb_map_capacity{map=\"lb_services4\"}") > 0);
        prometheus.Signal();
        Assert.Equal(0, prometheus.WaitForExit());
    }

    [Fact]
    public void Promtool_has_nothing_to_say_about_the_metrics_of_a_running_agent()
    {
        node.Publish("a");
        node.Agent.Command("verify");
        var file = Path.Combine(directory.FullName, "metrics.txt");
        File.WriteAllText(file, node.Agent.Metrics());
        var (code, said) = ChildProcess.Run(
            new ProcessPlace(null, null), "/bin/sh", "-c", $"'{RepositoryPaths.Tool("promtool")}' check metrics <'{file}'");
        // A name of kube-proxy's, and so of every dashboard.
        var objections = said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !l.StartsWith(
                "kubeproxy_sync_proxy_rules_no_local_endpoints_total non-counter metrics should not have", StringComparison.Ordinal));
        Assert.True(!objections.Any(), $"promtool ended with {code}:\n{said}");
    }

    private double Value(string name) => node.Agent.Metrics().Split('\n').Where(l => l.StartsWith(name + ' ', StringComparison.Ordinal))
        .Select(l => double.Parse(l[(name.Length + 1)..], CultureInfo.InvariantCulture)).Single();

    /// <summary>The value of a query with one result; NaN for none.</summary>
    private double Query(string query)
    {
        var (code, answer) = ChildProcess.Run(node.Node.Place,
            RepositoryPaths.Tool("curl"), "-s", $"http://127.0.0.1:{Port}/api/v1/query?query={WebUtility.UrlEncode(query)}");
        if (code != 0) return double.NaN;
        try
        {
            var results = JsonDocument.Parse(answer).RootElement.GetProperty("data").GetProperty("result");
            return results.GetArrayLength() == 1
                ? double.Parse(results[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)
                : double.NaN;
        }
        catch (JsonException)
        {
            return double.NaN;
        }
    }
}
