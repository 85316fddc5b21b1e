using EbpfLb.Model;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>How often what is programmed differed from what should be.</summary>
public sealed class VerifyMetrics
{
    private readonly Counter differences;
    private readonly Gauge lastSuccess;
    private readonly Histogram duration;

    /// <param name="period">From the end of one comparison to the begin of the next; 0: none is begun by itself.</param>
    public VerifyMetrics(MetricRegistry metrics, TimeSpan period)
    {
        if (period > TimeSpan.Zero)
        {
            metrics.Factory.CreateGauge("ebpflb_verify_period_seconds",
                "How often everything is compared, as it is set; absent: only on request").Set(period.TotalSeconds);
        }
        differences = metrics.Factory.CreateCounter(
            "ebpflb_verify_differences_total",
            "Differences found between API server, compiled table, mirror and kernel, by the stage that was wrong", "stage");
        lastSuccess = metrics.Factory.CreateGauge(
            "ebpflb_verify_last_success_timestamp_seconds", "Unix time when everything was last compared to the end",
            new GaugeConfiguration { SuppressInitialValue = true });
        duration = metrics.Factory.CreateHistogram("ebpflb_verify_duration_seconds", "Duration of one comparison with its pauses",
            new HistogramConfiguration { Buckets = Buckets.Stage });
        foreach (var stage in Enum.GetValues<VerifyStage>()) RecordDifferences(stage, 0);
    }

    public void RecordDifferences(VerifyStage stage, int count) => differences.WithLabels(stage.ToString().ToLowerInvariant()).Inc(count);

    /// <param name="completed">null: something could not be compared.</param>
    public void RecordVerified(TimeSpan elapsed, DateTimeOffset? completed)
    {
        duration.Observe(elapsed.TotalSeconds);
        if (completed is { } time) lastSuccess.Set(UnixTime.Seconds(time));
    }
}

/// <summary>What others removed of an instance, and was put back.</summary>
public sealed class RepairMetrics
{
    /// <param name="repairs">By short constant names: "link_pin".</param>
    public RepairMetrics(MetricRegistry metrics, Func<IReadOnlyDictionary<string, long>> repairs) => metrics.ObserveCounter(
        "ebpflb_repairs_total", "Links, programs and pins that somebody removed and that were put back", ["what"],
        () => repairs().Select(r => new Reading(r.Value, r.Key)));
}
