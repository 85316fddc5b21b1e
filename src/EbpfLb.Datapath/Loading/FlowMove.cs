using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// Takes the flows along when lb_conntrack4/6 are made anew in another size or layout: those of <see cref="FlowSelection"/> just before the programs
/// are switched, and what the old programs added meanwhile just after. Flows that end in between are forgotten by the sweeper.
/// </summary>
internal sealed class FlowMove(MapSet maps, ILogger logger)
{
    private bool done = maps.Outgrown.Count == 0;
    private EvictionRing? ring;

    /// <summary>Before the switch: into a map that no program uses yet.</summary>
    public void Copy()
    {
        if (done) return;
        // One for both families, which share it, and for both rounds. A ring of the same size was kept and has the flows already.
        ring ??= maps.Created.Contains(Abi.Tables.CtPending.Name) ? new EvictionRing(maps) : null;
        Each(isLate: false);
    }

    /// <summary>After the switch: what is not there yet. What is there is newer, so it stays. Once only.</summary>
    public void CopyLate()
    {
        if (done) return;
        done = true;
        Each(isLate: true);
        ring?.Dispose();
    }

    private void Each(bool isLate)
    {
        Each<LbCtKey4, LbCt4, FlowCodec4>(Abi.Tables.Conntrack4, isLate);
        Each<LbCtKey6, LbCt6, FlowCodec6>(Abi.Tables.Conntrack6, isLate);
    }

    private void Each<TKey, TValue, TCodec>(Table table, bool isLate)
        where TKey : unmanaged
        where TValue : unmanaged
        where TCodec : IFlowCodec<TKey, TValue>
    {
        if (!maps.Outgrown.TryGetValue(table.Name, out var outgrown)) return;
        using var to = new BpfMap<TKey, TValue>(maps.Take(table));
        var missing = outgrown.Entries<TKey, TValue>().Where(e => !isLate || !to.TryLookup(e.Key, out _)).Select(e => TCodec.Decode(e.Key, e.Value));
        var isSmaller = to.Info.MaxEntries < outgrown.Map.Info.MaxEntries;
        var selection = FlowSelection.Of(
            missing, (int)to.Info.MaxEntries, ring?.HalfOpenRoom ?? int.MaxValue, isSmaller ? 0 : ring?.ClosedRoom ?? int.MaxValue);
        var written = Write<TKey, TValue, TCodec>(to, selection.Entries);
        ring?.Add(selection);
        if (isLate) return;
        Log.FlowsMoved(logger, to.Name, selection.Open, selection.HalfOpen.Count, selection.Closed.Count);
        var lost = selection.LeftOut.Count + ((selection.Entries.Count - written + 1) / 2);
        if (lost > 0) Log.FlowsLost(logger, to.Name, lost);
        if (maps.Created.Contains(Abi.Tables.SvcSwept.Name)) return;
        using var ends = new FlowEnds(maps.Take(Abi.Tables.SvcSwept));
        foreach (var service in selection.LeftOut) ends.Count(service);
    }

    /// <summary>Stops where the map is full.</summary>
    /// <returns>How many entries are in the map.</returns>
    private static int Write<TKey, TValue, TCodec>(BpfMap<TKey, TValue> to, IReadOnlyList<FlowEntry> entries)
        where TKey : unmanaged
        where TValue : unmanaged
        where TCodec : IFlowCodec<TKey, TValue>
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (to.TryUpdate(TCodec.Key(entries[i].Key), TCodec.Value(entries[i]), UpdateMode.NoExist) == Errno.E2BIG) return i;
        }
        return entries.Count;
    }
}
