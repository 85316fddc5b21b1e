namespace EbpfLb.Planning.Tables;

/// <summary>An array table in front of another that fails when its faults say so.</summary>
public sealed class FaultyArray<T>(IArrayTable<T> inner, IFaults faults) : IArrayTable<T>
    where T : unmanaged
{
    public string Name => inner.Name;

    public int Length => inner.Length;

    public T Read(uint index) => inner.Read(index);

    public TableError Write(uint index, ReadOnlySpan<T> values)
        => faults.Next(Name, TableOperation.Write) is var error and not TableError.None ? error : inner.Write(index, values);
}
