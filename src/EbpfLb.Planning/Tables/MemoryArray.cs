namespace EbpfLb.Planning.Tables;

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
