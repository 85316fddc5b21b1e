using EbpfLb.Bpf;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>A BPF hash as a table that plans are written to.</summary>
internal sealed class KernelTable<TKey, TValue>(BpfMap<TKey, TValue> map) : ITable<TKey, TValue>, IDisposable
    where TKey : unmanaged
    where TValue : unmanaged
{
    public string Name => map.Name;

    public IEnumerable<KeyValuePair<TKey, TValue>> Entries() => map.Entries();

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

    public void Dispose() => map.Dispose();
}
