using System.Globalization;
using EbpfLb.Http.Health;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>Answers of the health endpoints by HTTP status, under kube-proxy's names.</summary>
public sealed class HealthMetrics(MetricRegistry metrics)
{
    private readonly Counter healthz = metrics.Factory.CreateCounter(
        "kubeproxy_proxy_healthz_total", "Answers of /healthz by HTTP status", "code");
    private readonly Counter livez = metrics.Factory.CreateCounter(
        "kubeproxy_proxy_livez_total", "Answers of /livez by HTTP status", "code");

    public void RecordHealthz(int status) => healthz.WithLabels(Code(status)).Inc();

    public void RecordLivez(int status) => livez.WithLabels(Code(status)).Inc();

    private static string Code(int status) => status.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Readiness, for alerts. /metrics/slis has it too, and is a page that few Prometheus read.</summary>
public sealed class ReadyMetrics
{
    public ReadyMetrics(MetricRegistry metrics, IProxyHealth health) => metrics.ObserveGauge(
        "ebpflb_ready", "1 while /readyz succeeds, which says otherwise what is missing", () => health.Readiness().Ready ? 1 : 0);
}
