using EbpfLb.Planning.Tables;

namespace EbpfLb.Testing.Tables;

/// <summary>A hash table in memory that behaves as the kernel's does, full included.</summary>
/// <param name="full">What the kernel says when the table is full; an LPM table says NoSpace.</param>
public sealed class MemoryTable<TKey, TValue>(string name, int maxEntries, TableError full = TableError.TooBig) : ITable<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    private const int PartSize = 16;

    private readonly Dictionary<TKey, TValue> entries = [];

    public string Name => name;

    public IReadOnlyDictionary<TKey, TValue> Entries => entries;

    public TableError Update(in TKey key, in TValue value)
    {
        if (entries.Count >= maxEntries && !entries.ContainsKey(key)) return full;
        entries[key] = value;
        return TableError.None;
    }

    public TableError Delete(in TKey key) => entries.Remove(key) ? TableError.None : TableError.NotFound;

    public bool TryRead(in TKey key, out TValue value) => entries.TryGetValue(key, out value);

    public IEnumerable<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadParts() => [.. entries.Chunk(PartSize)];
}

/// <summary>An array table in memory.</summary>
public sealed class MemoryArray<T>(string name, int length) : IArrayTable<T>
    where T : unmanaged
{
    private readonly T[] elements = new T[length];

    public string Name => name;

    public int Length => length;

    public Span<T> Elements => elements;

    public T Read(uint index) => elements[index];

    public TableError Write(uint index, ReadOnlySpan<T> values)
    {
        values.CopyTo(elements.AsSpan((int)index));
        return TableError.None;
    }
}
