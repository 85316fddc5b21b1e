using System.Collections.Concurrent;
using EbpfLb.Datapath.Flows;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Flows;

/// <summary>What the last sweep of each conntrack map counted. Written by the collector, read by anybody.</summary>
internal sealed class FlowState
{
    private readonly ConcurrentDictionary<string, SweepReport> last = new(StringComparer.Ordinal);

    /// <summary>Fill of the conntrack maps; empty before the first sweep.</summary>
    public IReadOnlyList<MapReading> Maps => [.. Reports.Select(r => new MapReading(r.Map, r.Entries, r.Capacity))];

    public IReadOnlyList<FlowReading> Flows =>
    [
        .. from report in Reports
           from phase in report.Flows
           select new FlowReading(report.Family, PhaseName.Of(phase.Key), phase.Value),
    ];

    public void Record(SweepReport report) => last[report.Map] = report;

    private IEnumerable<SweepReport> Reports => last.Values.OrderBy(r => r.Map, StringComparer.Ordinal);
}
