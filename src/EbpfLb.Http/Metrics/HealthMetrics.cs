using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>Answers of the health endpoints by HTTP status, under kube-proxy's names.</summary>
public sealed class HealthMetrics(Meter meter)
{
    private readonly Counter<long> healthz = meter.CreateCounter<long>("kubeproxy_proxy_healthz_total", null, "Answers of /healthz by HTTP status");
    private readonly Counter<long> livez = meter.CreateCounter<long>("kubeproxy_proxy_livez_total", null, "Answers of /livez by HTTP status");

    public void RecordHealthz(int status) => healthz.Add(1, new KeyValuePair<string, object?>("code", status));

    public void RecordLivez(int status) => livez.Add(1, new KeyValuePair<string, object?>("code", status));
}
