using EbpfLb.Agent.Pipeline;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Kernel;

/// <summary>The dataplane as the metrics see it.</summary>
internal sealed class DataplaneReadings(IDataplane dataplane, PipelineState state) : IDatapathReadings
{
    public IReadOnlyList<MapReading> ReadMaps() => dataplane.ReadMaps();

    public IReadOnlyList<EventReading> ReadEvents() => dataplane.ReadEvents();

    public long? ReadConnections() => dataplane.ReadConnections();

    public int CountAttachedPrograms() => dataplane.Hooks.Count;

    public bool? IsCanaryOk => state.Hooks.Canary?.Ok;
}
