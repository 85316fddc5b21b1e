using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>How often what is programmed differed from what should be.</summary>
public sealed class VerifyMetrics
{
    private readonly Counter<long> differences;
    private readonly Gauge<double> lastSuccess;
    private readonly Histogram<double> duration;

    public VerifyMetrics(Meter meter)
    {
        differences = meter.CreateCounter<long>("ebpflb_verify_differences_total", null, "Differences found between API server, compiled table, mirror and kernel, by the stage that was wrong");
        lastSuccess = meter.CreateGauge<double>("ebpflb_verify_last_success_timestamp_seconds", "s", "Unix time when everything was last compared to the end");
        duration = meter.CreateHistogram("ebpflb_verify_duration_seconds", "s", "Duration of one comparison with its pauses", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Stage });
        foreach (var stage in Enum.GetValues<VerifyStage>()) RecordDifferences(stage, 0);
    }

    public void RecordDifferences(VerifyStage stage, int count)
        => differences.Add(count, new KeyValuePair<string, object?>("stage", stage.ToString().ToLowerInvariant()));

    /// <param name="completed">null: something could not be compared.</param>
    public void RecordVerified(TimeSpan elapsed, DateTimeOffset? completed)
    {
        duration.Record(elapsed.TotalSeconds);
        if (completed is { } time) lastSuccess.Record(UnixTime.Seconds(time));
    }
}
