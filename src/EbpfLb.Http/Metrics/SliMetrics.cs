using EbpfLb.Http.Health;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>
/// /metrics/slis: the health checks as Kubernetes components give them there (KEP-3466), and nothing else. They are made when they are
/// read.
/// </summary>
public sealed class SliMetrics : IDisposable
{
    private readonly MetricRegistry metrics = new();
    private readonly Counter checks;
    private readonly Gauge state;
    private readonly IProxyHealth health;

    public SliMetrics(IProxyHealth health)
    {
        this.health = health;
        checks = metrics.Factory.CreateCounter(
            "kubernetes_healthchecks_total", "Results of the health checks by name, type and status", "name", "type", "status");
        state = metrics.Factory.CreateGauge("kubernetes_healthcheck", "1 while the health check succeeds, else 0", "name", "type");
    }

    public Task<ReadOnlyMemory<byte>> ExportAsync(CancellationToken cancellationToken)
    {
        var report = health.Report();
        Record("dataplane", "livez", report.Healthy);
        Record("dataplane", "healthz", report.Healthy);
        Record("node-eligible", "healthz", report.NodeEligible);
        Record("ready", "readyz", health.Readiness().Ready);
        return metrics.ExportAsync(cancellationToken);
    }

    public void Dispose() => metrics.Dispose();

    private void Record(string name, string type, bool good)
    {
        state.WithLabels(name, type).Set(good ? 1 : 0);
        checks.WithLabels(name, type, good ? "success" : "error").Inc();
    }
}
