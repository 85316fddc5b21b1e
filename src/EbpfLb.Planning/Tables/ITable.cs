namespace EbpfLb.Planning.Tables;

/// <summary>A hash table that a plan is written to: the kernel's, one in memory, or one with faults.</summary>
public interface ITable<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    /// <summary>As the kernel shows it, such as "lb_services4".</summary>
    string Name { get; }

    /// <summary>Adds or replaces one entry; readers see the old or the new value.</summary>
    TableError Update(in TKey key, in TValue value);

    /// <summary>Removes one entry; <see cref="TableError.NotFound"/> when it is not there.</summary>
    TableError Delete(in TKey key);

    /// <summary>Updates in order until one fails. <paramref name="done"/> says how many were; the failed one comes next.</summary>
    TableError UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values, out int done)
    {
        for (done = 0; done < keys.Length; done++)
        {
            if (Update(keys[done], values[done]) is var error and not TableError.None) return error;
        }
        return TableError.None;
    }

    /// <summary>Deletes in order until one fails. <paramref name="done"/> says how many were; the failed one comes next.</summary>
    TableError DeleteBatch(ReadOnlySpan<TKey> keys, out int done)
    {
        for (done = 0; done < keys.Length; done++)
        {
            if (Delete(keys[done]) is var error and not TableError.None) return error;
        }
        return TableError.None;
    }

    /// <summary>What a program finds under the key; in an LPM table that of the longest prefix.</summary>
    bool TryRead(in TKey key, out TValue value);

    /// <summary>All entries, a part at a time; the caller may pause between parts. What comes or goes meanwhile may be missed.</summary>
    IEnumerable<IReadOnlyList<KeyValuePair<TKey, TValue>>> ReadParts();
}
