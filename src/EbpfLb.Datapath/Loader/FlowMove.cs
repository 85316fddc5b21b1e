using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Takes the flows along when lb_conntrack4/6 are made anew in another size or layout: those of <see cref="FlowSelection"/> just before the
/// programs are switched, and what the old programs added meanwhile just after. Flows that end in between are forgotten by the collector.
/// </summary>
internal sealed class FlowMove(MapSet maps, ILogger logger)
{
    private static readonly Table[] Tables = [Abi.Tables.Conntrack4, Abi.Tables.Conntrack6];

    /// <summary>Neither has a map another size or layout, nor is the ring new that names flows of those that are kept.</summary>
    private bool done = !Tables.Any(table => maps.Outgrown.ContainsKey(table.Name))
        && !(maps.Created.Contains(Abi.Tables.CtPending.Name) && Tables.Any(table => !maps.Created.Contains(table.Name)));
    private EvictionRing? ring;
    private readonly List<FlowOwner> lost = [];

    /// <summary>Before the switch: into a map that no program uses yet.</summary>
    public void Copy()
    {
        if (done) return;
        // One for both families, which share it, and for both rounds. A ring of the same size was kept and has the flows already.
        ring ??= maps.Created.Contains(Abi.Tables.CtPending.Name) ? new EvictionRing(maps) : null;
        Each(isLate: false);
    }

    /// <summary>After the switch: what is not there yet. What is there is newer, so it stays.</summary>
    /// <param name="take">
    /// Brings a flow, by one of its keys, as far as the map of before has it, while packets of it come; null: nothing does, and then only
    /// what is not there yet is written.
    /// </param>
    /// <param name="isLast">There will be no other round.</param>
    public void CopyLate(Action<FlowKey>? take, bool isLast)
    {
        if (done) return;
        lost.Clear();
        Each(isLate: true, take, isLast);
        if (!isLast) return;
        done = true;
        ring?.Dispose();
    }

    /// <summary>
    /// Flows for which there was no room in the last round have ended. Apart from it, so that nobody who begins that round anew counts them
    /// too.
    /// </summary>
    public void CountLost()
    {
        // What ended says nothing beside counts that begin anew of what began.
        if (lost.Count > 0 && !maps.Created.Contains(Abi.Tables.SvcExpired.Name))
        {
            using var ends = FlowEnds.Open(maps);
            foreach (var owner in lost) ends.Count(owner);
        }
        lost.Clear();
    }

    private void Each(bool isLate, Action<FlowKey>? take = null, bool isLast = false)
    {
        Each<LbCtKey4, LbCt4, FlowCodec4>(Abi.Tables.Conntrack4, isLate, take, isLast);
        Each<LbCtKey6, LbCt6, FlowCodec6>(Abi.Tables.Conntrack6, isLate, take, isLast);
    }

    private void Each<TKey, TValue, TCodec>(Table table, bool isLate, Action<FlowKey>? take, bool isLast)
        where TKey : unmanaged
        where TValue : unmanaged
        where TCodec : IFlowCodec<TKey, TValue>
    {
        if (!maps.Outgrown.TryGetValue(table.Name, out var outgrown))
        {
            if (!isLate && !maps.Created.Contains(table.Name)) NameKept<TKey, TValue, TCodec>(table);
            return;
        }
        using var to = new BpfMap<TKey, TValue>(maps.Take(table));
        var missing = outgrown.Entries<TKey, TValue>().Select(e => TCodec.Decode(e.Key, e.Value)).Where(e
            => !isLate || !IsThere<TKey, TValue, TCodec>(to, e, take));
        var isSmaller = to.Info.MaxEntries < outgrown.Map.Info.MaxEntries;
        var selection = FlowSelection.Of(
            missing, (int)to.Info.MaxEntries, ring?.HalfOpenRoom ?? int.MaxValue, isSmaller ? 0 : ring?.ClosedRoom ?? int.MaxValue);
        var written = Write<TKey, TValue, TCodec>(to, selection.Entries);
        ring?.Add(selection);
        if (!isLate) Log.FlowsMoved(logger, to.Name, selection.Open, selection.HalfOpen.Count, selection.Closed.Count);
        // In the rounds before those that did not fit are the same.
        if (!isLast) return;
        List<FlowOwner> without = [.. selection.LeftOut, .. selection.OwnersFrom(written)];
        if (without.Count > 0) Log.FlowsLost(logger, to.Name, without.Count, TableSize.Flows.Option());
        lost.AddRange(without);
    }

    /// <summary>The flows of a map that goes on, in a ring that does not.</summary>
    private void NameKept<TKey, TValue, TCodec>(Table table)
        where TKey : unmanaged
        where TValue : unmanaged
        where TCodec : IFlowCodec<TKey, TValue>
    {
        if (ring is null) return;
        using var kept = new BpfMap<TKey, TValue>(maps.Take(table));
        ring.Add(
            FlowSelection.Of(kept.Entries().Select(e => TCodec.Decode(e.Key, e.Value)), int.MaxValue, ring.HalfOpenRoom, ring.ClosedRoom));
    }

    /// <summary>
    /// Whether the new map has the entry; by <paramref name="take"/> as far as it was before, or in place of one that has ended since it
    /// was brought along.
    /// </summary>
    private static bool IsThere<TKey, TValue, TCodec>(BpfMap<TKey, TValue> to, in FlowEntry entry, Action<FlowKey>? take)
        where TKey : unmanaged
        where TValue : unmanaged
        where TCodec : IFlowCodec<TKey, TValue>
    {
        var key = TCodec.Key(entry.Key);
        if (!to.TryLookup(key, out var value)) return false;
        var ours = TCodec.Decode(key, value);
        var isSame = (ours.Source, ours.Destination) == (entry.Source, entry.Destination);
        if (take is not null && (!isSame || ours.State.Phase != entry.State.Phase)) take(entry.Key);
        return true;
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
