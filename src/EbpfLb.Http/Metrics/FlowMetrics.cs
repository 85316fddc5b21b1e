using System.Diagnostics.Metrics;
using EbpfLb.Model;

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
    private const string ExpiredCause = "life_time";
    private const string ShrunkCause = "map_nearly_full";
    private const string OrphanCause = "orphan";

    private readonly Counter<long> removed;
    private readonly Counter<double> work;
    private readonly Histogram<double> duration;

    public FlowMetrics(Meter meter, Func<IReadOnlyList<FlowReading>> flows)
    {
        meter.CreateObservableGauge("ebpflb_flows", () => flows().Select(f => new Measurement<long>(f.Flows, Family(f.Family), new("phase", f.Phase))), null,
            "Flows that are tracked, as the last sweep counted them");
        removed = meter.CreateCounter<long>("ebpflb_sweep_removed_total", null, "Flows removed by sweeps, by cause; orphans are single entries");
        work = meter.CreateCounter<double>("ebpflb_sweep_work_seconds_total", "s", "Time that sweeps worked, without their pauses");
        duration = meter.CreateHistogram("ebpflb_sweep_duration_seconds", "s", "Duration of one sweep with its pauses", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Stage });
        foreach (var family in Enum.GetValues<IpFamily>()) Add(new SweepReading(family, 0, 0, 0, TimeSpan.Zero, TimeSpan.Zero));
    }

    public void RecordSweep(SweepReading sweep)
    {
        Add(sweep);
        duration.Record(sweep.Duration.TotalSeconds, Family(sweep.Family));
    }

    private void Add(SweepReading sweep)
    {
        removed.Add(sweep.Expired, Family(sweep.Family), new("cause", ExpiredCause));
        removed.Add(sweep.Shrunk, Family(sweep.Family), new("cause", ShrunkCause));
        removed.Add(sweep.Orphans, Family(sweep.Family), new("cause", OrphanCause));
        work.Add(sweep.Work.TotalSeconds, Family(sweep.Family));
    }

    private static KeyValuePair<string, object?> Family(IpFamily family) => new("ip_family", family.ToString());
}
