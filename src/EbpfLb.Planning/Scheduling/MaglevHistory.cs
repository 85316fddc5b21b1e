namespace EbpfLb.Planning.Scheduling;

/// <summary>
/// What a change makes of the past of a Maglev table, so that flows need no entries (bpf/lib/lb_untracked.h). Of each place at most one
/// backend has flows without entries: the first one that is named there, else the one that has the place now. It depends on the backends
/// and their changes alone, so nodes that saw the same have the same.
/// </summary>
/// <param name="lives">Ids of the backends that there are yet, in the table or not.</param>
/// <param name="gained">Those whose flows all had entries until now, and need none any more.</param>
internal sealed class MaglevHistory(IReadOnlySet<uint> lives, IReadOnlySet<uint> gained)
{
    /// <summary>The past of a table that follows upon another.</summary>
    /// <param name="had">Backend ids of the table before; 0: nobody.</param>
    /// <param name="past">Its own past; null: nobody at any place.</param>
    /// <param name="has">Of the table that follows; as long.</param>
    /// <returns>null: nobody at any place.</returns>
    public MaglevPast? Next(ReadOnlySpan<uint> had, MaglevPast? past, ReadOnlySpan<uint> has)
    {
        const int Each = MaglevPast.BetweenPlaces;
        var first = new uint[has.Length];
        var between = new uint[has.Length * Each];
        for (var i = 0; i < first.Length; i++)
        {
            var was = past?.First[i] ?? 0;
            first[i] = First(had[i], was, has[i]);
            var since = between.AsSpan(i * Each, Each);
            Between(had[i], past?.Between is { } held ? held.AsSpan(i * Each, Each) : [], has[i], first[i], since);
            if (since[0] != 0 && first[i] == 0) first[i] = MaglevPast.Tracked;
        }
        if (!first.AsSpan().ContainsAnyExcept(0u)) return null;
        return new MaglevPast(first, between.AsSpan().ContainsAnyExcept(0u) ? between : null);
    }

    /// <summary>All flows that there are may have entries.</summary>
    public static MaglevPast WithEntries(MaglevPast? past, int places)
    {
        var all = new uint[places];
        for (var i = 0; i < places; i++) all[i] = past?.First[i] is { } held and not 0 ? held : MaglevPast.Tracked;
        return new MaglevPast(all, past?.Between);
    }

    private uint First(uint had, uint was, uint has)
    {
        var owner = MaglevPast.IsBackend(was) ? was : had;
        if (!lives.Contains(owner)) return was == 0 ? 0 : MaglevPast.Tracked;
        if (has != owner) return owner;
        return was == 0 && !gained.Contains(owner) ? 0 : MaglevPast.Tracked;
    }

    /// <summary>Those who live and neither are the first nor have the place; of too many the ones who had it last.</summary>
    private void Between(uint had, ReadOnlySpan<uint> held, uint has, uint first, Span<uint> since)
    {
        Span<uint> all = stackalloc uint[MaglevPast.BetweenPlaces + 1];
        var count = 0;
        foreach (var id in held)
            if (id != had && IsBetween(id)) all[count++] = id;
        if (IsBetween(had)) all[count++] = had;
        all[Math.Max(0, count - since.Length)..count].CopyTo(since);

        bool IsBetween(uint id) => id != has && id != first && lives.Contains(id);
    }
}
