using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace EbpfLb.Model;

/// <summary>A key that two maps do not have with the same value.</summary>
/// <param name="Before">null: only the later map has the key.</param>
/// <param name="After">null: only the earlier map has the key.</param>
public readonly record struct MapDifference<TKey, TValue>(TKey Key, TValue? Before, TValue? After)
    where TValue : class;

/// <summary>
/// An immutable map, ordered by key. A map made from another one shares with it whatever stayed the same: a change costs O(log n), and
/// comparing two maps costs what differs between them, whichever of them was made from the other and however many were made in between.
/// </summary>
/// <remarks>
/// A treap whose priorities are hashes of the keys. Its shape follows from its keys alone, so two maps with the same keys have the same
/// shape and can be walked side by side (Aragon and Seidel, "Randomized Search Trees").
/// </remarks>
public sealed class PersistentDictionary<TKey, TValue> : IReadOnlyDictionary<TKey, TValue>
    where TKey : notnull, IComparable<TKey>
    where TValue : class
{
    private readonly MapNode<TKey, TValue>? root;

    private PersistentDictionary(MapNode<TKey, TValue>? root, int count)
    {
        this.root = root;
        Count = count;
    }

    internal static PersistentDictionary<TKey, TValue> None { get; } = new(null, 0);

    public int Count { get; }

    public bool IsEmpty => root is null;

    public TValue this[TKey key] => Find(key) ?? throw new KeyNotFoundException($"there is no {key}");

    public IEnumerable<TKey> Keys => this.Select(p => p.Key);

    public IEnumerable<TValue> Values => this.Select(p => p.Value);

    /// <summary>The value of the key, null when there is none. O(log n), without allocations.</summary>
    public TValue? Find(TKey key)
    {
        for (var node = root; node is not null;)
        {
            var order = key.CompareTo(node.Key);
            if (order == 0) return node.Value;
            node = order < 0 ? node.Left : node.Right;
        }
        return null;
    }

    public bool ContainsKey(TKey key) => Find(key) is not null;

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => (value = Find(key)) is not null;

    /// <summary>This map when it has that very value.</summary>
    public PersistentDictionary<TKey, TValue> Set(TKey key, TValue value)
    {
        var old = Find(key);
        if (ReferenceEquals(old, value)) return this;
        return new(MapNode<TKey, TValue>.Set(root, new MapNode<TKey, TValue>(key, value)), old is null ? Count + 1 : Count);
    }

    /// <summary>This map when it does not have the key.</summary>
    public PersistentDictionary<TKey, TValue> Remove(TKey key)
        => Find(key) is null ? this : new(MapNode<TKey, TValue>.Remove(root!, key), Count - 1);

    /// <summary>The map with these changes; a null value removes.</summary>
    public PersistentDictionary<TKey, TValue> With(IReadOnlyCollection<KeyValuePair<TKey, TValue?>> changes)
    {
        // Making all nodes anew is cheaper than so many paths, but shares nothing with this map.
        if (changes.Count > 64 && changes.Count >= Count / 4) return Merged(changes);
        var map = this;
        foreach (var (key, value) in changes) map = value is null ? map.Remove(key) : map.Set(key, value);
        return map;
    }

    /// <summary>What differs from an earlier map, ordered by key. Values are compared by reference.</summary>
    public IReadOnlyList<MapDifference<TKey, TValue>> DifferencesFrom(PersistentDictionary<TKey, TValue> before)
    {
        if (ReferenceEquals(before.root, root)) return [];
        var differences = new List<MapDifference<TKey, TValue>>();
        MapNode<TKey, TValue>.Compare(before.root, root, differences);
        return differences;
    }

    /// <summary>The entries behind a key, which need not be there.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> After(TKey key)
    {
        var open = new Stack<MapNode<TKey, TValue>>();
        for (var node = root; node is not null;)
        {
            if (key.CompareTo(node.Key) < 0)
            {
                open.Push(node);
                node = node.Left;
            }
            else node = node.Right;
        }
        return Walk(open);
    }

    /// <summary>
    /// Its first entries, so many more each time, and at last this map itself. Each shares its nodes with the next, so it costs O(log n).
    /// </summary>
    /// <param name="step">At least 1.</param>
    public IEnumerable<PersistentDictionary<TKey, TValue>> Growing(int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        return Grow();

        IEnumerable<PersistentDictionary<TKey, TValue>> Grow()
        {
            var count = 0;
            foreach (var (key, _) in this)
            {
                if (++count % step == 0 && count < Count) yield return new(MapNode<TKey, TValue>.UpTo(root, key), count);
            }
            yield return this;
        }
    }

    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()
    {
        var open = new Stack<MapNode<TKey, TValue>>();
        for (var node = root; node is not null; node = node.Left) open.Push(node);
        return Walk(open).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <param name="open">Nodes that come next, with what is right of them; the first is on top.</param>
    private static IEnumerable<KeyValuePair<TKey, TValue>> Walk(Stack<MapNode<TKey, TValue>> open)
    {
        while (open.TryPop(out var next))
        {
            yield return new(next.Key, next.Value);
            for (var node = next.Right; node is not null; node = node.Left) open.Push(node);
        }
    }

    private PersistentDictionary<TKey, TValue> Merged(IReadOnlyCollection<KeyValuePair<TKey, TValue?>> changes)
    {
        var ordered = changes.ToArray();
        Array.Sort(ordered, static (left, right) => left.Key.CompareTo(right.Key));
        var builder = new OrderedMapBuilder<TKey, TValue>();
        var next = 0;
        foreach (var (key, value) in this)
        {
            for (; next < ordered.Length && ordered[next].Key.CompareTo(key) < 0; next++)
                builder.Add(ordered[next].Key, ordered[next].Value);
            if (next < ordered.Length && ordered[next].Key.CompareTo(key) == 0) builder.Add(key, ordered[next++].Value);
            else builder.Add(key, value);
        }
        for (; next < ordered.Length; next++) builder.Add(ordered[next].Key, ordered[next].Value);
        return new(builder.Complete(), builder.Count);
    }
}

/// <summary>Makes <see cref="PersistentDictionary{TKey,TValue}"/>s.</summary>
public static class PersistentDictionary
{
    public static PersistentDictionary<TKey, TValue> Empty<TKey, TValue>()
        where TKey : notnull, IComparable<TKey>
        where TValue : class
        => PersistentDictionary<TKey, TValue>.None;
}
