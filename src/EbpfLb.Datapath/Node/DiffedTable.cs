using System.Diagnostics.CodeAnalysis;
using EbpfLb.Datapath.Counters;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Datapath.Node;

/// <summary>A hash table and what it is known to hold: only differences reach the kernel.</summary>
/// <param name="table">What is written to.</param>
/// <param name="found">Its entries now.</param>
internal sealed class DiffedTable<TKey, [DynamicallyAccessedMembers(FieldText.Needed)] TValue>(
    ITable<TKey, TValue> table, IEnumerable<KeyValuePair<TKey, TValue>> found)
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly Dictionary<TKey, TValue> held = new(found);

    public string Name => table.Name;

    /// <summary>Entries that the table has room for; 0: not known.</summary>
    public long Capacity { get; init; }

    /// <param name="option">The option that enlarges it; empty: there is none.</param>
    public MapFill Fill => new(Name, Count, Capacity);

    public bool TryGet(TKey key, out TValue value) => held.TryGetValue(key, out value);

    /// <summary>Of the wanted entries those whose key it does not hold.</summary>
    public IReadOnlyDictionary<TKey, TValue> Lacking(IReadOnlyDictionary<TKey, TValue> wanted)
        => wanted.Where(e => !held.ContainsKey(e.Key)).ToDictionary();

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

    /// <summary>Entries that it is known to hold.</summary>
    public int Count => held.Count;

    /// <summary>What the table holds otherwise than it is known to.</summary>
    /// <param name="adopt">Makes that what it is known to hold, so that the next writing repairs it.</param>
    public IReadOnlyList<Difference> Verify(Func<TKey, string> text, bool adopt)
    {
        Dictionary<TKey, TValue> found = new(held.Count);
        foreach (var part in table.ReadParts())
            foreach (var (key, value) in part) found[key] = value;
        List<Difference> differences = [];
        foreach (var (key, value) in held)
        {
            if (!found.TryGetValue(key, out var there)) differences.Add(FieldText.Missing($"{Name} {text(key)}", value));
            else if (!EqualityComparer<TValue>.Default.Equals(there, value))
                differences.Add(FieldText.Differing($"{Name} {text(key)}", value, there));
        }
        foreach (var (key, value) in found)
            if (!held.ContainsKey(key)) differences.Add(FieldText.Unasked($"{Name} {text(key)}", value));
        if (adopt && differences.Count > 0)
        {
            held.Clear();
            foreach (var (key, value) in found) held.Add(key, value);
        }
        return differences;
    }

    private static bool Settle(TableError error, List<TableError> errors)
    {
        if (error == TableError.None) return true;
        if (!errors.Contains(error)) errors.Add(error);
        return false;
    }
}
