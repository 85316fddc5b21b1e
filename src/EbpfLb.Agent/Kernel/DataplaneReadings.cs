using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Agent.Kernel;

/// <summary>The dataplane as the metrics see it.</summary>
internal sealed class DataplaneReadings(
    IHooks hooks, IDiagnostics diagnostics, PipelineState state, FlowState flows, TimeProvider time) : IDatapathReadings
{
    /// <summary>One look at the counters, and one for faults, serve all metrics of a scrape.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(100);

    private readonly Lock sync = new();
    private (long At, IReadOnlyList<ReasonCount> Reasons)? last;
    private (long At, IReadOnlyList<Difference> Faults)? lastFaults;

    public IReadOnlyList<MapReading> ReadMaps()
        => [.. diagnostics.ReadMaps().Select(m => new MapReading(m.Map, m.Used, m.Capacity)), .. flows.Maps];

    /// <summary>Packets have counters of their own, with bytes.</summary>
    public IReadOnlyList<EventReading> ReadEvents() =>
    [
        .. Reasons(isPacket: false).Select(r => new EventReading(ReasonName.Of(r.Reason), (long)r.Count)),
    ];

    public IReadOnlyList<PacketReading> ReadPackets() =>
    [
        .. Reasons(isPacket: true).Select(r => new PacketReading(
            ReasonName.Of(r.Reason), SnakeCase.Of(ReasonCatalog.Of(r.Reason).Kind.ToString()), (long)r.Count, (long)r.Bytes)),
    ];

    /// <summary>Of sockets, and of clients outside.</summary>
    public long? ReadConnections()
        => ReadReasons().Where(r => r.Reason is LbReason.SockTranslated or LbReason.PktNew).Sum(r => (long)r.Count);

    public IReadOnlyDictionary<string, bool> ReadFeatures()
        => diagnostics.Features.Where(f => f.IsKnown).ToDictionary(f => f.Name, f => f.IsAvailable);

    public int CountAttachedPrograms() => hooks.Attached.Count - Faulty("hook");

    public int CountAttachedDevices() => state.NodeView.Attached.Count(d => d.Error is null) - Faulty("device");

    public int? CountServicesNotProgrammed() => state.ServicesNotProgrammed;

    /// <summary>Hooks or devices by name: one may lack more than one program.</summary>
    private int Faulty(string kind) => FindFaults()
        .Where(f => f.Stage == VerifyStage.Attachment && f.Object.StartsWith(kind + " ", StringComparison.Ordinal))
        .Select(f => f.Object.Split(' ')[1]).Distinct(StringComparer.Ordinal).Count();

    public bool? IsCanaryOk => state.Hooks.Canary?.Ok;

    private IEnumerable<ReasonCount> Reasons(bool isPacket) => ReadReasons().Where(r => ReasonCatalog.Of(r.Reason).IsPacket == isPacket);

    private IReadOnlyList<Difference> FindFaults()
    {
        lock (sync)
        {
            if (lastFaults is not { } known || time.GetElapsedTime(known.At) >= Fresh)
                lastFaults = known = (time.GetTimestamp(), hooks.FindFaults());
            return known.Faults;
        }
    }

    private IReadOnlyList<ReasonCount> ReadReasons()
    {
        lock (sync)
        {
            if (last is not { } known || time.GetElapsedTime(known.At) >= Fresh)
                last = known = (time.GetTimestamp(), diagnostics.ReadReasons());
            return known.Reasons;
        }
    }
}
