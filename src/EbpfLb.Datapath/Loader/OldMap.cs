using System.Runtime.InteropServices;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Datapath.Loader;

/// <summary>A map that programs in force still use, and that one of another size or layout takes the place of.</summary>
/// <param name="Map">As it is pinned.</param>
/// <param name="Key">How its keys become ours; null: they are.</param>
/// <param name="Value">How its values become ours; null: they are.</param>
/// <param name="Back">How our keys become its keys; null: they are.</param>
internal sealed record OldMap(BpfMap Map, BtfConversion? Key, BtfConversion? Value, BtfConversion? Back) : IDisposable
{
    /// <summary>For each byte of its keys the place in ours.</summary>
    /// <param name="size">Of the table.</param>
    public byte[] KeyPlaces(int size) => Back?.Places(size) ?? Same(size, Map.Info.KeySize);

    /// <summary>For each byte of our values the place in its values.</summary>
    public byte[] ValuePlaces(int size) => Value?.Places(size) ?? Same(size, Map.Info.ValueSize);

    private static byte[] Same(int size, uint used)
        => [.. Enumerable.Range(0, size).Select(i => i < used ? (byte)i : BtfConversion.Nowhere)];

    /// <summary>All elements, in our layout.</summary>
    public List<KeyValuePair<TKey, TValue>> Entries<TKey, TValue>()
        where TKey : unmanaged
        where TValue : unmanaged
    {
        if (Key is null || Value is null)
        {
            using var same = new BpfMap<TKey, TValue>(Map.Duplicate());
            return same.Entries();
        }
        List<KeyValuePair<TKey, TValue>> entries = [];
        Map.ReadRaw((key, value) =>
        {
            TKey ours = default;
            TValue held = default;
            Key.Convert(key, MemoryMarshal.AsBytes(new Span<TKey>(ref ours)));
            Value.Convert(value, MemoryMarshal.AsBytes(new Span<TValue>(ref held)));
            entries.Add(new(ours, held));
        });
        return entries;
    }

    public void Dispose() => Map.Dispose();
}
