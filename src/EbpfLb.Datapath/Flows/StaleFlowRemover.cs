using EbpfLb.Datapath.StaleSockets;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// Removes UDP flows whose backend is gone (docs/contract.md 12). Programs already take such a flow's next datagram for a new one's; this
/// makes room, and ends what only answers would keep alive.
/// </summary>
public sealed class StaleFlowRemover(IFlowMap map, IStaleState stale, SweepPacer pacer)
{
    private const int BatchSize = 1024;
    private readonly FlowRemover remover = new(map);

    public IFlowMap Map => map;

    /// <summary>Walks over the whole map once.</summary>
    /// <returns>How many flows went.</returns>
    /// <exception cref="Bpf.BpfException">The map cannot be read.</exception>
    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        pacer.Begin();
        foreach (var batch in map.ReadBatches(BatchSize))
        {
            removed += RemoveOf(batch.Span);
            await pacer.PaceAsync(cancellationToken);
        }
        return removed;
    }

    private int RemoveOf(ReadOnlySpan<FlowEntry> batch)
    {
        var removed = 0;
        foreach (ref readonly var entry in batch)
        {
            if (!stale.IsStale(entry)) continue;
            // A datagram since the batch was read may have opened the flow anew, by the same key.
            if (!map.TryLookup(entry.Key, out var now) || now.Destination != entry.Destination) continue;
            if (remover.RemoveBoth(now)) removed++;
        }
        return removed;
    }
}
