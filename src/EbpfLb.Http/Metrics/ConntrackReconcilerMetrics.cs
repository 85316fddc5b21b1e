using EbpfLb.Model;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>Flows of UDP backends that went, ended after a change (docs/contract.md 12), under kube-proxy's names.</summary>
public sealed class ConntrackReconcilerMetrics(MetricRegistry metrics)
{
    private readonly PerFamily<Counter.Child> deleted = new(metrics.Factory.CreateCounter(
        "kubeproxy_conntrack_reconciler_deleted_entries_total", "Flows ended because their backend went", PerFamily.Label));

    private readonly PerFamily<Histogram.Child> duration = new(metrics.Factory.CreateHistogram(
        "kubeproxy_conntrack_reconciler_sync_duration_seconds", "Duration of one search for flows whose backend went", [PerFamily.Label],
        new HistogramConfiguration { Buckets = Buckets.Sync }));

    /// <summary>One search ended.</summary>
    public void RecordSync(IpFamily family, long deletedFlows, TimeSpan elapsed)
    {
        deleted[family].Inc(deletedFlows);
        duration[family].Observe(elapsed.TotalSeconds);
    }
}
