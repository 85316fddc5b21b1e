using EbpfLb.Model;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>Flows of one family in one phase, as the last sweep counted them.</summary>
/// <param name="Phase">A short constant name: "open".</param>
public sealed record FlowReading(IpFamily Family, string Phase, long Flows);

/// <summary>What one sweep did.</summary>
/// <param name="Expired">At the end of their life time.</param>
/// <param name="Shrunk">Given up before, as the map is nearly full.</param>
/// <param name="Orphans">Entries whose other half was missing.</param>
public sealed record SweepReading(IpFamily Family, int Expired, int Shrunk, int Orphans, TimeSpan Work, TimeSpan Duration);

/// <summary>Flows and the sweeps that expire them.</summary>
public sealed class FlowMetrics
{
    private readonly Counter removed;
    private readonly PerFamily<Counter.Child> work;
    private readonly PerFamily<Histogram.Child> duration;

    public FlowMetrics(MetricRegistry metrics, Func<IReadOnlyList<FlowReading>> flows)
    {
        metrics.ObserveGauge("ebpflb_flows", "Flows that are tracked, as the last sweep counted them", [PerFamily.Label, "phase"],
            () => flows().Select(f => new Reading(f.Flows, f.Family.ToString(), f.Phase)));
        removed = metrics.Factory.CreateCounter(
            "ebpflb_sweep_removed_total", "Flows removed by sweeps, by cause; orphans are single entries", PerFamily.Label, "cause");
        work = new(metrics.Factory.CreateCounter(
            "ebpflb_sweep_work_seconds_total", "Time that sweeps worked, without their pauses", PerFamily.Label));
        duration = new(
            metrics.Factory.CreateHistogram("ebpflb_sweep_duration_seconds", "Duration of one sweep with its pauses", [PerFamily.Label],
            new HistogramConfiguration { Buckets = Buckets.Stage }));
        foreach (var family in Enum.GetValues<IpFamily>()) RecordRemoved(family, 0, 0, 0);
    }

    public void RecordSweep(SweepReading sweep)
    {
        RecordRemoved(sweep.Family, sweep.Expired, sweep.Shrunk, sweep.Orphans);
        work[sweep.Family].Inc(sweep.Work.TotalSeconds);
        duration[sweep.Family].Observe(sweep.Duration.TotalSeconds);
    }

    private void RecordRemoved(IpFamily family, int expired, int shrunk, int orphans)
    {
        removed.WithLabels(family.ToString(), "life_time").Inc(expired);
        removed.WithLabels(family.ToString(), "map_nearly_full").Inc(shrunk);
        removed.WithLabels(family.ToString(), "orphan").Inc(orphans);
    }
}
