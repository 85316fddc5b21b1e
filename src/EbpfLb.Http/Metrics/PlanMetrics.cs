using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>One object that could not be brought into the kernel.</summary>
/// <param name="Map">The BPF map that did not take it; empty when none is at fault.</param>
/// <param name="Reason">A short constant name: "full".</param>
public readonly record struct PlanFailureReading(string Map, string Reason);

/// <summary>What the stages between a snapshot and the kernel did.</summary>
public sealed class PlanMetrics
{
    private static readonly string[] Maps = [
        "lb_services4", "lb_services6", "lb_backends", "lb_slots", "lb_svc_stats", "lb_src_ranges4", "lb_src_ranges6"];

    private readonly Histogram stages;
    private readonly Counter operations;
    private readonly Counter failures;
    private readonly Counter retries;

    public PlanMetrics(MetricRegistry metrics)
    {
        var factory = metrics.Factory;
        stages = factory.CreateHistogram("ebpflb_stage_duration_seconds", "Duration of one stage of a sync round", ["stage"],
            new HistogramConfiguration { Buckets = Buckets.Stage });
        operations = factory.CreateCounter("ebpflb_plan_operations_total", "Operations on BPF maps that were carried out");
        failures = factory.CreateCounter("ebpflb_plan_failures_total",
            "Objects that could not be brought into the kernel, counted each round, by map and reason", "map", "reason");
        retries = factory.CreateCounter("ebpflb_plan_retries_total", "Rounds run again because the one before failed");
        // A first failure is a rise only where there was a 0 before.
        foreach (var map in Maps) failures.WithLabels(map, "full");
    }

    /// <param name="stage">A short constant name: "compile", "apply", of which "write" is a part.</param>
    public void RecordStage(string stage, TimeSpan elapsed) => stages.WithLabels(stage).Observe(elapsed.TotalSeconds);

    public void RecordPlan(int operationCount, IEnumerable<PlanFailureReading> failed)
    {
        operations.Inc(operationCount);
        foreach (var (map, reason) in failed) failures.WithLabels(map, reason).Inc();
    }

    public void RecordRetry() => retries.Inc();
}
