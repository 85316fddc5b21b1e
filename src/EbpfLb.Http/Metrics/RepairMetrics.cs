namespace EbpfLb.Http.Metrics;

/// <summary>What others removed of an instance, and was put back.</summary>
public sealed class RepairMetrics
{
    /// <param name="repairs">By short constant names: "link_pin".</param>
    public RepairMetrics(MetricRegistry metrics, Func<IReadOnlyDictionary<string, long>> repairs) => metrics.ObserveCounter(
        "ebpflb_repairs_total", "Links, programs and pins that somebody removed and that were put back", ["what"],
        () => repairs().Select(r => new Reading(r.Value, r.Key)));
}
