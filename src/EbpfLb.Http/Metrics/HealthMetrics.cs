using System.Globalization;
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
