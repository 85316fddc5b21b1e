using EbpfLb.Model;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.DestinationFilters;

/// <summary>A table whose keys have an address that packets go to: what is written opens the destination filter for it.</summary>
/// <param name="isUntracked">Of values that say that flows need no entries.</param>
internal sealed class FilteredTable<TKey, TValue>(
    ITable<TKey, TValue> table, Func<TKey, IpAddress> addressOf, Predicate<TValue>? isUntracked, DestinationFilter filter)
    : ITable<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    public string Name => table.Name;

    public TableError Update(in TKey key, in TValue value)
    {
        if (isUntracked?.Invoke(value) == true) filter.OpenUntracked(addressOf(key));
        var error = table.Update(key, value);
        if (error == TableError.None) filter.Open(addressOf(key));
        return error;
    }

    public TableError UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values, out int done)
    {
        for (var i = 0; isUntracked is not null && i < keys.Length; i++)
            if (isUntracked(values[i])) filter.OpenUntracked(addressOf(keys[i]));
        var error = table.UpdateBatch(keys, values, out done);
        foreach (var key in keys[..done]) filter.Open(addressOf(key));
        return error;
    }

    public TableError Delete(in TKey key) => table.Delete(key);

    public TableError DeleteBatch(ReadOnlySpan<TKey> keys, out int done) => table.DeleteBatch(keys, out done);

    public bool TryRead(in TKey key, out TValue value) => table.TryRead(key, out value);

    public IEnumerable<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadParts() => table.ReadParts();
}
