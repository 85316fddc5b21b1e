using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.StaleSockets;

namespace EbpfLb.Datapath.Flows;

/// <summary>The conntrack maps of an instance that is loaded, and what else of connections has to be cleaned up. Thread-safe.</summary>
internal sealed class Conntrack(FlowMaps maps, StaleState stale, FilterRebuild filter, InstanceHold hold) : IConntrack, IDisposable
{
    public IReadOnlyList<IFlowMap> FlowMaps => maps.All;

    public IStaleState Stale => stale;

    public void RebuildFilter()
    {
        if (hold.Lost is null) filter.Rebuild();
    }

    public void Dispose()
    {
        maps.Dispose();
        stale.Dispose();
    }
}
