using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>Flows of UDP backends that went, ended after a change (contract section 12), under kube-proxy's names.</summary>
public sealed class ConntrackReconcilerMetrics
{
    private readonly Counter<long> deleted;
    private readonly Histogram<double> duration;

    public ConntrackReconcilerMetrics(Meter meter)
    {
        deleted = meter.CreateCounter<long>("kubeproxy_conntrack_reconciler_deleted_entries_total", null, "Flows ended because their backend went");
        duration = meter.CreateHistogram("kubeproxy_conntrack_reconciler_sync_duration_seconds", "s", "Duration of one search for flows whose backend went", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Sync });
        foreach (var family in Enum.GetValues<IpFamily>()) deleted.Add(0, Family(family));
    }

    /// <summary>One search ended.</summary>
    public void RecordSync(IpFamily family, long deletedFlows, TimeSpan elapsed)
    {
        deleted.Add(deletedFlows, Family(family));
        duration.Record(elapsed.TotalSeconds, Family(family));
    }

    private static KeyValuePair<string, object?> Family(IpFamily family) => new("ip_family", family.ToString());
}
