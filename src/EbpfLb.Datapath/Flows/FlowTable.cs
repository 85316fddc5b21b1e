namespace EbpfLb.Datapath.Flows;

/// <summary>
/// The flows of both families: to be looked at and to be removed. Reading goes on beside the programs, and shows each flow as it was then.
/// </summary>
public sealed class FlowTable(IReadOnlyList<IFlowMap> maps, TimeProvider time)
{
    private const int BatchSize = 1024;
    private readonly FlowClock clock = new(time);

    public IReadOnlyList<IFlowMap> Maps => maps;

    /// <summary>The tick of this moment.</summary>
    public uint Now => clock.Now;

    /// <summary>Flows that match, in no order. Those that come or go meanwhile may be there or not.</summary>
    /// <exception cref="Bpf.BpfException">A map cannot be read.</exception>
    public IEnumerable<Flow> Read(FlowFilter filter)
    {
        foreach (var map in maps)
        {
            foreach (var batch in map.ReadBatches(BatchSize))
            {
                for (var i = 0; i < batch.Length; i++)
                {
                    if (FlowOf(map, batch.Span[i]) is { } flow && filter.Matches(flow, clock.Now)) yield return flow;
                }
            }
        }
    }

    /// <summary>Removes both entries of each flow that matches.</summary>
    /// <returns>How many flows went.</returns>
    /// <exception cref="Bpf.BpfException">A map cannot be read or written.</exception>
    public int Remove(FlowFilter filter)
    {
        var byFamily = maps.ToDictionary(m => m.Family, m => new FlowRemover(m));
        return Read(filter).Count(flow => byFamily[flow.Family].RemoveBoth(flow));
    }

    /// <summary>A flow is shown by its request entry; by its reply entry only when it has no other.</summary>
    private static Flow? FlowOf(IFlowMap map, in FlowEntry entry)
    {
        FlowEntry? sibling = map.TryLookup(entry.SiblingKey, out var other) && other.IsSiblingOf(entry) ? other : null;
        return entry.IsReply && sibling is not null ? null : Flow.Of(map.Family, entry, sibling);
    }
}
