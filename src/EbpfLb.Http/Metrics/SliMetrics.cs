using System.Diagnostics.Metrics;
using EbpfLb.Http.Health;
using EbpfLb.Http.Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>/metrics/slis: the health checks as Kubernetes components give them there (KEP-3466), and nothing else. They are made when they are read.</summary>
public sealed class SliMetrics : IDisposable
{
    private readonly Meter meter = new("EbpfLb.Slis");
    private readonly PrometheusExporter exporter;
    private readonly Counter<long> checks;
    private readonly Gauge<int> state;
    private readonly IProxyHealth health;

    public SliMetrics(IProxyHealth health)
    {
        this.health = health;
        exporter = new PrometheusExporter(meter);
        checks = meter.CreateCounter<long>("kubernetes_healthchecks_total", null, "Results of the health checks by name, type and status");
        state = meter.CreateGauge<int>("kubernetes_healthcheck", null, "1 while the health check succeeds, else 0");
    }

    public string Export()
    {
        var report = health.Report();
        Record("dataplane", "livez", report.Healthy);
        Record("dataplane", "healthz", report.Healthy);
        Record("node-eligible", "healthz", report.NodeEligible);
        Record("ready", "readyz", health.Readiness().Ready);
        return exporter.Export();
    }

    public void Dispose()
    {
        exporter.Dispose();
        meter.Dispose();
    }

    private void Record(string name, string type, bool good)
    {
        state.Record(good ? 1 : 0, new("name", name), new("type", type));
        checks.Add(1, new("name", name), new("type", type), new("status", good ? "success" : "error"));
    }
}
