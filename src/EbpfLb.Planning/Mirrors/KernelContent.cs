using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Mirrors;

/// <summary>The tables as they were found, whatever is in them; the arrays may be the mapped memory itself.</summary>
public readonly ref struct KernelContent(
    IEnumerable<KeyValuePair<LbFrontend4, LbService>> services4,
    IEnumerable<KeyValuePair<LbFrontend6, LbService>> services6,
    ReadOnlySpan<LbSlot> slots,
    ReadOnlySpan<LbBackend> backends,
    IEnumerable<LbSrcRange4> ranges4,
    IEnumerable<LbSrcRange6> ranges6)
{
    public IEnumerable<KeyValuePair<LbFrontend4, LbService>> Services4 { get; } = services4;

    public IEnumerable<KeyValuePair<LbFrontend6, LbService>> Services6 { get; } = services6;

    public ReadOnlySpan<LbSlot> Slots { get; } = slots;

    public ReadOnlySpan<LbBackend> Backends { get; } = backends;

    /// <summary>Of both families.</summary>
    public IEnumerable<SourceKey> SourceRanges { get; } = ranges4.Select(k
        => SourceKey.From(k)).Concat(ranges6.Select(k => SourceKey.From(k)));
}
