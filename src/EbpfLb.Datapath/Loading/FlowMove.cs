using EbpfLb.Abi;
using EbpfLb.Bpf;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// Takes the flows along when lb_conntrack4/6 are made anew in another size: everything just before the programs are
/// switched, and what the old programs added meanwhile just after. Flows that end in between are forgotten by the sweeper.
/// </summary>
internal sealed class FlowMove(MapSet maps, ILogger logger)
{
    private bool done = maps.Outgrown.Count == 0;

    /// <summary>Before the switch: all entries, into a map that nobody uses yet.</summary>
    public void Copy()
    {
        if (done) return;
        Each<LbCtKey4, LbCt4>(Abi.Tables.Conntrack4, Copy);
        Each<LbCtKey6, LbCt6>(Abi.Tables.Conntrack6, Copy);
    }

    /// <summary>After the switch: what is not there yet. What is there is newer, so it stays. Once only.</summary>
    public void CopyLate()
    {
        if (done) return;
        done = true;
        Each<LbCtKey4, LbCt4>(Abi.Tables.Conntrack4, CopyMissing);
        Each<LbCtKey6, LbCt6>(Abi.Tables.Conntrack6, CopyMissing);
    }

    private void Each<TKey, TValue>(Table table, Action<BpfMap<TKey, TValue>, BpfMap<TKey, TValue>> action)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        if (!maps.Outgrown.TryGetValue(table.Name, out var outgrown)) return;
        using var from = new BpfMap<TKey, TValue>(outgrown.Duplicate());
        using var to = new BpfMap<TKey, TValue>(maps.Take(table));
        action(from, to);
    }

    private void Copy<TKey, TValue>(BpfMap<TKey, TValue> from, BpfMap<TKey, TValue> to)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        var entries = from.Entries();
        var copied = to.UpdateBatch(
            [.. entries.Select(e => e.Key)], [.. entries.Select(e => e.Value)]).Done;
        Log.FlowsMoved(logger, to.Name, copied);
        if (copied < entries.Count) Log.FlowsLost(logger, to.Name, entries.Count - copied);
    }

    private static void CopyMissing<TKey, TValue>(BpfMap<TKey, TValue> from, BpfMap<TKey, TValue> to)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        foreach (var (key, value) in from.Entries())
        {
            // The first round said how many do not fit.
            if (to.TryUpdate(key, value, UpdateMode.NoExist) == Errno.E2BIG) return;
        }
    }
}
