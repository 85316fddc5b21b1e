using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>What a planned port has to remember of the Cluster list that it had: see <see cref="MaglevHistory"/>.</summary>
internal sealed class PortHistory(Mirror mirror, PlannedPort planned, CompiledPort port)
{
    private readonly PortRecord record = planned.Record;
    private readonly ListLayout layout = ListLayout.Of(port);

    /// <summary>The list before has the same places, so that what was at each of them can be said.</summary>
    private bool HadPlaces => record.Layout == layout;

    /// <summary>A frontend of the port has had entries for its flows until now, and needs none from here on.</summary>
    public bool BeginsUntracked
    {
        get
        {
            if (planned.IsNew && mirror.HasOlderFlows) return port.IsUntracked;
            foreach (ref readonly var served in port.Frontends.AsSpan())
            {
                if (served.IsUntracked && mirror.TryGetEntry(FrontendKey.From(served.Frontend), out var entry)
                    && !ServiceCodec.Has(entry, LbServiceFlag.Untracked)) return true;
            }
            return false;
        }
    }

    /// <summary>
    /// The past of the list changes though the list stays: one of those who had a place is gone, or can be reached otherwise.
    /// </summary>
    public bool Changes
    {
        get
        {
            if (BeginsUntracked || Gained().Count > 0) return true;
            return record.Past is { } past && past.NamesOthersThan(planned.BackendIds.ToHashSet());
        }
    }

    /// <summary>The past of the list that follows; null: nobody was at any place.</summary>
    /// <param name="has">Empty when nobody is in it.</param>
    public MaglevPast? Next(uint[] has)
    {
        var places = layout.Places;
        var had = HadPlaces ? record.Layout.Content(record.Backends.AsSpan(), record.BackendIds, BackendLists.InCluster) : [];
        if (had.Length == 0) had = new uint[places];
        if (has.Length == 0) has = new uint[places];
        var next = new MaglevHistory(planned.BackendIds.ToHashSet(), Gained()).Next(had, HadPlaces ? record.Past : null, has);
        if (BeginsUntracked) next = MaglevHistory.WithEntries(next, places);
        // Who is gone for good has nothing to keep.
        return planned.BackendIds.Length > 0 ? next : null;
    }

    /// <summary>Backends that stay and can be reached by a tunnel only now, so that their flows have entries.</summary>
    private HashSet<uint> Gained()
    {
        HashSet<uint> gained = [];
        if (planned.Changed is null) return gained;
        for (var i = 0; i < planned.BackendIds.Length; i++)
        {
            if (planned.Changed.TryGetValue(planned.BackendIds[i], out var was) && was.Node is null && port.Backends[i].Node is not null)
                gained.Add(planned.BackendIds[i]);
        }
        return gained;
    }
}
