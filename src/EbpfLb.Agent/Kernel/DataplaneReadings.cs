using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Kernel;

/// <summary>The dataplane as the metrics see it.</summary>
internal sealed class DataplaneReadings(IDataplane dataplane, PipelineState state, FlowState flows) : IDatapathReadings
{
    public IReadOnlyList<MapReading> ReadMaps() => [.. dataplane.ReadMaps(), .. flows.Maps];

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

    public long? ReadConnections() => dataplane.ReadConnections();

    public IReadOnlyDictionary<string, bool> ReadFeatures() => dataplane.Features.ToDictionary(f => f.Name, f => f.IsAvailable);

    public int CountAttachedPrograms() => dataplane.Hooks.Count;

    public int CountAttachedDevices() => state.NodeView.Attached.Count(d => d.Error is null);

    public bool? IsCanaryOk => state.Hooks.Canary?.Ok;

    private IEnumerable<ReasonCount> Reasons(bool isPacket) => dataplane.ReadReasons().Where(r => ReasonCatalog.Of(r.Reason).IsPacket == isPacket);
}
