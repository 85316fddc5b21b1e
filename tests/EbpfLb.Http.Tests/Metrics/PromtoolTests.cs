using System.Diagnostics;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>Prometheus' own linter judges what the agent exports.</summary>
[Trait("needs", "promtool")]
public sealed class PromtoolTests
{
    [Fact]
    public async Task Promtool_has_nothing_to_say_about_the_metrics_of_the_agent()
    {
        using var metrics = new AllMetrics();
        metrics.RecordOneOfEach();

        var (_, said) = await CheckAsync(metrics.Registry.Text());

        // This name is kube-proxy's, and a gauge there too.
        Assert.Equal(["kubeproxy_sync_proxy_rules_no_local_endpoints_total non-counter metrics should not have \"_total\" suffix"],
            said.Trim().Split('\n'));
    }

    [Fact]
    public async Task Promtool_objects_to_a_metric_without_help()
    {
        var (code, said) = await CheckAsync("# TYPE x_total counter\nx_total 1\n");
        Assert.Equal(3, code);
        Assert.Contains("no help text", said);
    }

    private static async Task<(int Code, string Said)> CheckAsync(string metrics)
    {
        using var promtool = Process.Start(new ProcessStartInfo(RepositoryPaths.Tool("promtool"), ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var output = promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (promtool.ExitCode, await output + await errors);
    }
}
