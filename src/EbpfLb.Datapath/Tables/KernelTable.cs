using EbpfLb.Bpf;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>A BPF hash as a table that plans are written to.</summary>
internal sealed class KernelTable<TKey, TValue>(BpfMap<TKey, TValue> map) : ITable<TKey, TValue>, IDisposable
    where TKey : unmanaged
    where TValue : unmanaged
{
    /// <summary>Entries of one system call: below a millisecond.</summary>
    private const int PartSize = 1024;

    public string Name => map.Name;

    /// <summary>Read while it is enumerated.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> Entries() => ReadParts().SelectMany(part => part);

    public TableError Update(in TKey key, in TValue value) => (TableError)map.TryUpdate(key, value);

    public TableError Delete(in TKey key) => (TableError)map.TryDelete(key);

    public TableError UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values, out int done)
    {
        var result = map.UpdateBatch(keys, values);
        done = result.Done;
        return (TableError)result.Errno;
    }

    public TableError DeleteBatch(ReadOnlySpan<TKey> keys, out int done)
    {
        var result = map.DeleteBatch(keys);
        done = result.Done;
        return (TableError)result.Errno;
    }

    public bool TryRead(in TKey key, out TValue value) => map.TryLookup(key, out value);

    public IEnumerable<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadParts()
    {
        var cursor = map.ReadBatches(PartSize);
        while (cursor.Next())
        {
            var part = new KeyValuePair<TKey, TValue>[cursor.Keys.Length];
            for (var i = 0; i < part.Length; i++) part[i] = new(cursor.Keys[i], cursor.Values[i]);
            yield return part;
        }
    }

    public void Dispose() => map.Dispose();
}
