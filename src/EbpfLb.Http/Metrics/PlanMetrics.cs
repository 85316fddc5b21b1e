using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>What the stages between a snapshot and the kernel did.</summary>
public sealed class PlanMetrics
{
    private readonly Histogram<double> stages;
    private readonly Counter<long> operations;
    private readonly Counter<long> failures;
    private readonly Counter<long> retries;

    public PlanMetrics(Meter meter)
    {
        stages = meter.CreateHistogram("ebpflb_stage_duration_seconds", "s", "Duration of one stage of a sync round", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Stage });
        operations = meter.CreateCounter<long>("ebpflb_plan_operations_total", null, "Operations on BPF maps that were carried out");
        failures = meter.CreateCounter<long>("ebpflb_plan_failures_total", null, "Objects that could not be brought into the kernel, counted each round");
        retries = meter.CreateCounter<long>("ebpflb_plan_retries_total", null, "Rounds run again because the one before failed");
        operations.Add(0);
        failures.Add(0);
        retries.Add(0);
    }

    /// <param name="stage">A short constant name: "compile", "apply".</param>
    public void RecordStage(string stage, TimeSpan elapsed) => stages.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));

    public void RecordPlan(int operationCount, int failureCount)
    {
        operations.Add(operationCount);
        failures.Add(failureCount);
    }

    public void RecordRetry() => retries.Add(1);
}
