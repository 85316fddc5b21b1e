using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>How the cluster source is doing, read when the metrics are read.</summary>
public sealed class SourceMetrics
{
    public SourceMetrics(MetricRegistry metrics, Func<SourceStatus> status)
    {
        metrics.ObserveGauge("ebpflb_source_up", "1 while the cluster source has listed everything and reports no error",
            () => status() is { IsSynced: true, Error: null } ? 1 : 0);
        metrics.ObserveGauge(
            "ebpflb_source_last_contact_timestamp_seconds", "Unix time when the cluster source was last known to be up to date",
            () => status().LastContact is { } contact ? UnixTime.Seconds(contact) : null);
        metrics.ObserveGauge("ebpflb_source_staleness_seconds", "How long ago the cluster source was last known to be up to date",
            () => status().ContactAge?.TotalSeconds);
    }
}
