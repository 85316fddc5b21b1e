using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>One object that could not be brought into the kernel.</summary>
/// <param name="Map">The BPF map that did not take it; empty when none is at fault.</param>
/// <param name="Reason">A short constant name: "full".</param>
public readonly record struct PlanFailureReading(string Map, string Reason);

/// <summary>What the stages between a snapshot and the kernel did.</summary>
public sealed class PlanMetrics
{
    private static readonly string[] Maps = ["lb_services4", "lb_services6", "lb_backends", "lb_slots", "lb_svc_stats", "lb_src_ranges4", "lb_src_ranges6"];

    private readonly Histogram<double> stages;
    private readonly Counter<long> operations;
    private readonly Counter<long> failures;
    private readonly Counter<long> retries;

    public PlanMetrics(Meter meter)
    {
        stages = meter.CreateHistogram("ebpflb_stage_duration_seconds", "s", "Duration of one stage of a sync round", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Stage });
        operations = meter.CreateCounter<long>("ebpflb_plan_operations_total", null, "Operations on BPF maps that were carried out");
        failures = meter.CreateCounter<long>("ebpflb_plan_failures_total", null, "Objects that could not be brought into the kernel, counted each round, by map and reason");
        retries = meter.CreateCounter<long>("ebpflb_plan_retries_total", null, "Rounds run again because the one before failed");
        operations.Add(0);
        // A first failure is a rise only where there was a 0 before.
        foreach (var map in Maps) Add(new PlanFailureReading(map, "full"), 0);
        retries.Add(0);
    }

    /// <param name="stage">A short constant name: "compile", "apply".</param>
    public void RecordStage(string stage, TimeSpan elapsed) => stages.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));

    public void RecordPlan(int operationCount, IEnumerable<PlanFailureReading> failed)
    {
        operations.Add(operationCount);
        foreach (var group in failed.GroupBy(f => f)) Add(group.Key, group.Count());
    }

    private void Add(PlanFailureReading failure, long count) => failures.Add(count, new("map", failure.Map), new("reason", failure.Reason));

    public void RecordRetry() => retries.Add(1);
}
