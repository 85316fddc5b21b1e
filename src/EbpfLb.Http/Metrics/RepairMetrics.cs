using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>What others removed of an instance, and was put back.</summary>
public sealed class RepairMetrics
{
    /// <param name="repairs">By short constant names: "link_pin".</param>
    public RepairMetrics(Meter meter, Func<IReadOnlyDictionary<string, long>> repairs) => meter.CreateObservableCounter(
        "ebpflb_repairs_total", () => repairs().Select(r => new Measurement<long>(r.Value, new KeyValuePair<string, object?>("what", r.Key))), null,
        "Links, programs and pins that somebody removed and that were put back");
}
