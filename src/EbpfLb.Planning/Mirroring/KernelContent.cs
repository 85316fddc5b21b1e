using EbpfLb.Abi;

namespace EbpfLb.Planning.Mirroring;

/// <summary>The tables as they were found, whatever is in them; the arrays may be the mapped memory itself.</summary>
public readonly ref struct KernelContent(
    IEnumerable<KeyValuePair<LbFe4, LbService>> services4,
    IEnumerable<KeyValuePair<LbFe6, LbService>> services6,
    ReadOnlySpan<LbSlot> slots,
    ReadOnlySpan<LbBackend> backends)
{
    public IEnumerable<KeyValuePair<LbFe4, LbService>> Services4 { get; } = services4;

    public IEnumerable<KeyValuePair<LbFe6, LbService>> Services6 { get; } = services6;

    public ReadOnlySpan<LbSlot> Slots { get; } = slots;

    public ReadOnlySpan<LbBackend> Backends { get; } = backends;
}
