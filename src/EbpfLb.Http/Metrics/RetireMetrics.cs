namespace EbpfLb.Http.Metrics;

/// <summary>Ids of what is gone, on their way back.</summary>
public sealed class RetireMetrics
{
    /// <param name="read">What could not be cleared yet, and how often clearing failed.</param>
    public RetireMetrics(MetricRegistry metrics, Func<(int Waiting, long Failures)> read)
    {
        metrics.ObserveGauge("ebpflb_ids_not_given_back",
            "Ids, slots and source ranges of what is gone that could not be cleared, and count as in use until they are", () => read().Waiting);
        metrics.ObserveCounter("ebpflb_retire_failures_total", "How often clearing what is gone failed; it is tried again by itself", () => read().Failures);
    }
}
