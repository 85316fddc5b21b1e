using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>How the cluster source is doing, observed when the metrics are read.</summary>
public sealed class SourceMetrics
{
    public SourceMetrics(Meter meter, Func<SourceStatus> status)
    {
        meter.CreateObservableGauge("ebpflb_source_up", () => status() is { IsSynced: true, Error: null } ? 1 : 0, null,
            "1 while the cluster source has listed everything and reports no error");
        meter.CreateObservableGauge("ebpflb_source_last_contact_timestamp_seconds",
            () => status().LastContact is { } contact ? (IEnumerable<Measurement<double>>)[new Measurement<double>(UnixTime.Seconds(contact))] : [], "s",
            "Unix time when the cluster source was last known to be up to date");
        meter.CreateObservableGauge("ebpflb_source_staleness_seconds",
            () => status().ContactAge is { } age ? (IEnumerable<Measurement<double>>)[new Measurement<double>(age.TotalSeconds)] : [], "s",
            "How long ago the cluster source was last known to be up to date");
    }
}
