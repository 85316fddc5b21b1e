using EbpfLb.Planning.Tables;

namespace EbpfLb.Testing.Tables;

/// <summary>A table in front of another that fails when its faults say so.</summary>
public sealed class FaultyTable<TKey, TValue>(ITable<TKey, TValue> inner, IFaults faults) : ITable<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    public string Name => inner.Name;

    public TableError Update(in TKey key, in TValue value)
        => faults.Next(Name, TableOperation.Update) is var error and not TableError.None ? error : inner.Update(key, value);

    public TableError Delete(in TKey key)
        => faults.Next(Name, TableOperation.Delete) is var error and not TableError.None ? error : inner.Delete(key);

    public bool TryRead(in TKey key, out TValue value) => inner.TryRead(key, out value);

    public IEnumerable<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadParts() => inner.ReadParts();
}

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
