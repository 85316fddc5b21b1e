using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Node;

/// <summary>A hash table and what it is known to hold: only differences reach the kernel.</summary>
/// <param name="table">What is written to.</param>
/// <param name="found">Its entries now.</param>
internal sealed class HeldTable<TKey, TValue>(ITable<TKey, TValue> table, IEnumerable<KeyValuePair<TKey, TValue>> found)
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly Dictionary<TKey, TValue> held = new(found);

    public string Name => table.Name;

    /// <summary>Adds and changes what is not so yet. Returns how many; what failed is told, once per kind of error.</summary>
    public int Write(IReadOnlyDictionary<TKey, TValue> wanted, List<TableError> errors)
    {
        var written = 0;
        foreach (var (key, value) in wanted)
        {
            if (held.TryGetValue(key, out var old) && EqualityComparer<TValue>.Default.Equals(old, value)) continue;
            if (!Settle(table.Update(key, value), errors)) continue;
            held[key] = value;
            written++;
        }
        return written;
    }

    /// <summary>Removes what is not wanted. Returns how many.</summary>
    public int RemoveOthers(IReadOnlyDictionary<TKey, TValue> wanted, List<TableError> errors)
    {
        var removed = 0;
        foreach (var key in held.Keys.Where(k => !wanted.ContainsKey(k)).ToArray())
        {
            var error = table.Delete(key);
            if (error != TableError.NotFound && !Settle(error, errors)) continue;
            held.Remove(key);
            removed++;
        }
        return removed;
    }

    private static bool Settle(TableError error, List<TableError> errors)
    {
        if (error == TableError.None) return true;
        if (!errors.Contains(error)) errors.Add(error);
        return false;
    }
}
