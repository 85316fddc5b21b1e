namespace EbpfLb.Planning.Scheduling;

/// <summary>Who was at each place of a Maglev table before: bpf/lib/lb_untracked.h.</summary>
/// <param name="First">
/// An id for each place, of the backend whose flows have no entries; 0: that is who has the place now; <see cref="Tracked"/>: so it is,
/// but some flows may have one.
/// </param>
/// <param name="Between">
/// <see cref="BetweenPlaces"/> ids for each place, of those who had it since and lost it, the oldest first, then 0; null: nobody at any.
/// </param>
internal sealed record MaglevPast(uint[] First, uint[]? Between)
{
    /// <summary>LB_MAGLEV_TRACKED of bpf/include/lb_abi.h.</summary>
    public const uint Tracked = uint.MaxValue;

    /// <summary>LB_MAGLEV_BETWEEN of bpf/include/lb_abi.h.</summary>
    public const int BetweenPlaces = 4;

    /// <summary>Somebody is named who is not among these.</summary>
    public bool NamesOthersThan(IReadOnlySet<uint> lives) => First.Concat(Between ?? []).Any(id => IsBackend(id) && !lives.Contains(id));

    /// <summary>Whether an id is a backend's.</summary>
    public static bool IsBackend(uint id) => id is not 0 and not Tracked;
}
