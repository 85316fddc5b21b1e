using System.Runtime.InteropServices;
using EbpfLb.Model;
using EbpfLb.Planning.Maglev;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Scheduling;

/// <summary>How the lists of a service port are laid out, which its scheduler decides.</summary>
/// <param name="Places">Of a Maglev table; 0 with every other scheduler.</param>
/// <param name="HasPast">The Cluster list has a table of who was at each place before: <see cref="MaglevHistory"/>.</param>
internal readonly record struct ListLayout(Scheduler Scheduler, int Places, bool HasPast = false)
{
    public static ListLayout Of(CompiledPort port) => new(port.Scheduler, port.MaglevTableSize, port.IsUntracked);

    /// <summary>Lists are in lb_maglev, not in lb_slots.</summary>
    public bool IsMaglev => Scheduler == Scheduler.Maglev;

    /// <summary>What stands in the places of a list: backend ids; none when the list is empty.</summary>
    /// <param name="backends">All of the port, ordered by address.</param>
    /// <param name="ids">Theirs, in the same order.</param>
    public uint[] Content(ReadOnlySpan<CompiledBackend> backends, uint[] ids, BackendLists list)
    {
        var selected = BackendSelection.Of(backends, ids, list);
        if (selected.Length == 0) return [];
        switch (Scheduler)
        {
            case Scheduler.Maglev:
                return Table(Selected(backends, selected.Length, list), selected);
            // Those that go by a place that was drawn or has its turn: weights are in the list.
            case Scheduler.Random or Scheduler.WeightedRoundRobin or Scheduler.SourceHash:
                return WeightedSequence.Of(Selected(backends, selected.Length, list), selected);
            default:
                return selected;
        }
    }

    /// <summary>How many places <see cref="Content"/> has, without making it: a Maglev table is expensive.</summary>
    public int Length(ReadOnlySpan<CompiledBackend> backends, BackendLists list)
    {
        var count = 0;
        // HasFlag makes two objects a call until it is compiled the second time.
        foreach (ref readonly var backend in backends)
            if ((backend.Lists & list) == list) count++;
        if (count == 0) return 0;
        return Scheduler switch
        {
            Scheduler.Maglev => Places,
            Scheduler.Random or Scheduler.WeightedRoundRobin or Scheduler.SourceHash
                => WeightedSequence.LengthOf(Selected(backends, count, list)),
            _ => count,
        };
    }

    /// <summary>Whether the list of one set of backends is that of another in this layout, without making either.</summary>
    public static bool IsSameSelection(
        ReadOnlySpan<CompiledBackend> backends, uint[] ids, ReadOnlySpan<CompiledBackend> others, uint[] otherIds, BackendLists list)
    {
        if (!BackendSelection.Of(backends, ids, list).AsSpan().SequenceEqual(BackendSelection.Of(others, otherIds, list))) return false;
        for (int i = 0, j = 0; ; i++, j++)
        {
            while (i < backends.Length && !backends[i].Lists.HasFlag(list)) i++;
            while (j < others.Length && !others[j].Lists.HasFlag(list)) j++;
            if (i == backends.Length || j == others.Length) return true;
            if (backends[i].Weight != others[j].Weight) return false;
        }
    }

    private uint[] Table(ReadOnlySpan<CompiledBackend> backends, uint[] ids)
    {
        var members = new MaglevBackend[backends.Length];
        for (var i = 0; i < members.Length; i++) members[i] = new MaglevBackend(backends[i].Address, backends[i].Weight);
        var table = new uint[Places];
        var indexes = MemoryMarshal.Cast<uint, int>(table.AsSpan());
        MaglevTable.Build(members, indexes);
        for (var i = 0; i < table.Length; i++) table[i] = ids[indexes[i]];
        return table;
    }

    private static ReadOnlySpan<CompiledBackend> Selected(ReadOnlySpan<CompiledBackend> backends, int count, BackendLists list)
    {
        if (count == backends.Length) return backends;
        var selected = new CompiledBackend[count];
        var next = 0;
        foreach (ref readonly var backend in backends)
            if (backend.Lists.HasFlag(list)) selected[next++] = backend;
        return selected;
    }
}
