using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Mirrors;

/// <summary>The tables as they were found, whatever is in them; the arrays may be the mapped memory itself.</summary>
public readonly ref struct KernelContent(
    IEnumerable<KeyValuePair<LbFrontend4, LbService>> services4,
    IEnumerable<KeyValuePair<LbFrontend6, LbService>> services6,
    ReadOnlySpan<LbSlot> slots,
    ReadOnlySpan<LbMaglevRow> maglev,
    ReadOnlySpan<LbBackend> backends,
    IEnumerable<LbSrcRange4> ranges4,
    IEnumerable<LbSrcRange6> ranges6)
{
    public IEnumerable<KeyValuePair<LbFrontend4, LbService>> Services4 { get; } = services4;

    public IEnumerable<KeyValuePair<LbFrontend6, LbService>> Services6 { get; } = services6;

    public ReadOnlySpan<LbSlot> Slots { get; } = slots;

    public ReadOnlySpan<LbMaglevRow> Maglev { get; } = maglev;

    public ReadOnlySpan<LbBackend> Backends { get; } = backends;

    /// <summary>Of both families.</summary>
    public IEnumerable<SourceKey> SourceRanges { get; } = ranges4.Select(k
        => SourceKey.From(k)).Concat(ranges6.Select(k => SourceKey.From(k)));

    /// <summary>What stands at a place of a list; a Maglev table does not say whose it is, so it is taken for the service's.</summary>
    public bool TryReadPlace(SlotRange range, uint place, uint serviceId, out LbSlot slot)
    {
        slot = default;
        var index = range.First + (ulong)(range.IsMaglev ? place / SlotRange.PlacesARow : place);
        if (index >= (ulong)(range.IsMaglev ? Maglev.Length : Slots.Length)) return false;
        slot = range.IsMaglev
            ? new LbSlot { BackendId = Maglev[(int)index].BackendIds[(int)(place % SlotRange.PlacesARow)], ServiceId = serviceId }
            : Slots[(int)index];
        return true;
    }

    /// <summary>The backend ids in the places of a list; null: there is no such place, or one is another service's.</summary>
    internal uint[]? ReadList(SlotRange range, uint serviceId)
    {
        if ((ulong)range.First + range.Length > (ulong)(range.IsMaglev ? Maglev.Length : Slots.Length)) return null;
        var ids = new uint[range.Count];
        for (var i = 0u; i < range.Count; i++)
        {
            if (!TryReadPlace(range, i, serviceId, out var slot) || slot.ServiceId != serviceId) return null;
            ids[i] = slot.BackendId;
        }
        return ids;
    }
}
