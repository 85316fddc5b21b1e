using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>Ids of what is gone, on their way back.</summary>
public sealed class RetireMetrics
{
    /// <param name="read">What could not be cleared yet, and how often clearing failed.</param>
    public RetireMetrics(Meter meter, Func<(int Waiting, long Failures)> read)
    {
        meter.CreateObservableGauge("ebpflb_ids_not_given_back", () => read().Waiting, null,
            "Ids, slots and source ranges of what is gone that could not be cleared, and count as in use until they are");
        meter.CreateObservableCounter("ebpflb_retire_failures_total", () => read().Failures, null, "How often clearing what is gone failed; it is tried again by itself");
    }
}
