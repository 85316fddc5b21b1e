namespace EbpfLb.Planning.Scheduling;

/// <summary>
/// Who was at each place of a Maglev table before, so that flows need no entries (bpf/lib/lb_untracked.h). Of each place at most one
/// backend has flows without entries: the one that is named there, else the one that has the place now. It depends on the backends and
/// their changes alone, so nodes that saw the same have the same.
/// </summary>
internal static class MaglevHistory
{
    /// <summary>LB_MAGLEV_TRACKED: nobody whose flows have no entry, but some flows may have one.</summary>
    public const uint Tracked = uint.MaxValue;

    /// <summary>The past of a table that follows upon another.</summary>
    /// <param name="had">Backend ids of the table before; 0: nobody.</param>
    /// <param name="past">Its own past; null: all 0.</param>
    /// <param name="has">Of the table that follows; as long.</param>
    /// <param name="lives">Ids of the backends that there are yet, in the table or not.</param>
    /// <param name="gained">Those whose flows all had entries until now, and need none any more.</param>
    /// <returns>null: all 0.</returns>
    public static uint[]? Next(
        ReadOnlySpan<uint> had, uint[]? past, ReadOnlySpan<uint> has, IReadOnlySet<uint> lives, IReadOnlySet<uint> gained)
    {
        var next = new uint[has.Length];
        var any = false;
        for (var i = 0; i < next.Length; i++)
        {
            next[i] = Next(had[i], past?[i] ?? 0, has[i], lives, gained);
            any |= next[i] != 0;
        }
        return any ? next : null;
    }

    /// <summary>All flows that there are may have entries.</summary>
    public static uint[] WithEntries(uint[]? past, int places)
    {
        var all = new uint[places];
        for (var i = 0; i < places; i++) all[i] = past?[i] is { } held and not 0 ? held : Tracked;
        return all;
    }

    private static uint Next(uint had, uint past, uint has, IReadOnlySet<uint> lives, IReadOnlySet<uint> gained)
    {
        var owner = past is not 0 and not Tracked ? past : had;
        if (!lives.Contains(owner)) return past == 0 ? 0 : Tracked;
        if (has != owner) return owner;
        return past == 0 && !gained.Contains(owner) ? 0 : Tracked;
    }
}
