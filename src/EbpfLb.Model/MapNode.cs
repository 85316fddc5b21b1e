namespace EbpfLb.Model;

/// <summary>
/// A node of a <see cref="PersistentDictionary{TKey,TValue}"/>; it goes before its children by <see cref="IsAbove"/>. Immutable once it is
/// in a map.
/// </summary>
internal sealed class MapNode<TKey, TValue>
    where TKey : notnull, IComparable<TKey>
    where TValue : class
{
    // Seeded by the process, and mixed: neighbouring addresses must not have neighbouring priorities.
    private readonly int priority;

    public MapNode(TKey key, TValue value)
        : this(key, value, HashCode.Combine(key), null, null)
    {
    }

    private MapNode(TKey key, TValue value, int priority, MapNode<TKey, TValue>? left, MapNode<TKey, TValue>? right)
    {
        Key = key;
        Value = value;
        this.priority = priority;
        Left = left;
        Right = right;
    }

    public TKey Key { get; }

    public TValue Value { get; }

    public MapNode<TKey, TValue>? Left { get; private set; }

    public MapNode<TKey, TValue>? Right { get; private set; }

    /// <summary>The tree with a new node, which takes the place of one with its key.</summary>
    public static MapNode<TKey, TValue> Set(MapNode<TKey, TValue>? tree, MapNode<TKey, TValue> node)
    {
        if (tree is null) return node;
        var order = node.Key.CompareTo(tree.Key);
        if (order == 0) return new(node.Key, node.Value, node.priority, tree.Left, tree.Right);
        if (node.IsAbove(tree))
        {
            var (left, right) = Split(tree, node.Key);
            return new(node.Key, node.Value, node.priority, left, right);
        }
        return order < 0 ? tree.With(Set(tree.Left, node), tree.Right) : tree.With(tree.Left, Set(tree.Right, node));
    }

    /// <summary>The tree without a key that it has.</summary>
    public static MapNode<TKey, TValue>? Remove(MapNode<TKey, TValue> tree, TKey key)
    {
        var order = key.CompareTo(tree.Key);
        if (order == 0) return Join(tree.Left, tree.Right);
        return order < 0 ? tree.With(Remove(tree.Left!, key), tree.Right) : tree.With(tree.Left, Remove(tree.Right!, key));
    }

    /// <summary>What is before a key, and the key itself.</summary>
    public static MapNode<TKey, TValue>? UpTo(MapNode<TKey, TValue>? tree, TKey key)
    {
        if (tree is null) return null;
        if (key.CompareTo(tree.Key) < 0) return UpTo(tree.Left, key);
        var right = UpTo(tree.Right, key);
        return ReferenceEquals(right, tree.Right) ? tree : tree.With(tree.Left, right);
    }

    /// <summary>Adds what differs between two trees, ordered by key. What both share is not looked into.</summary>
    public static void Compare(MapNode<TKey, TValue>? before, MapNode<TKey, TValue>? after, List<MapDifference<TKey, TValue>> differences)
    {
        if (ReferenceEquals(before, after)) return;
        // The upper one of two different roots is in its own tree only: in the other one it would be the root too.
        if (after is null || (before is not null && before.IsAbove(after)))
        {
            var (left, right) = Split(after, before!.Key);
            Compare(before.Left, left, differences);
            differences.Add(new(before.Key, before.Value, null));
            Compare(before.Right, right, differences);
        }
        else if (before is null || after.IsAbove(before))
        {
            var (left, right) = Split(before, after.Key);
            Compare(left, after.Left, differences);
            differences.Add(new(after.Key, null, after.Value));
            Compare(right, after.Right, differences);
        }
        else
        {
            Compare(before.Left, after.Left, differences);
            if (!ReferenceEquals(before.Value, after.Value)) differences.Add(new(after.Key, before.Value, after.Value));
            Compare(before.Right, after.Right, differences);
        }
    }

    /// <summary>False for nodes of the same key.</summary>
    public bool IsAbove(MapNode<TKey, TValue> other)
        => priority != other.priority ? priority > other.priority : Key.CompareTo(other.Key) < 0;

    /// <summary>Of a tree that is being made.</summary>
    internal void Adopt(MapNode<TKey, TValue>? left) => Left = left;

    /// <summary>Of a tree that is being made.</summary>
    internal void Continue(MapNode<TKey, TValue> right) => Right = right;

    private MapNode<TKey, TValue> With(MapNode<TKey, TValue>? left, MapNode<TKey, TValue>? right) => new(Key, Value, priority, left, right);

    /// <summary>What is before and what is behind a key that the tree does not have.</summary>
    private static (MapNode<TKey, TValue>? Left, MapNode<TKey, TValue>? Right) Split(MapNode<TKey, TValue>? tree, TKey key)
    {
        if (tree is null) return (null, null);
        if (key.CompareTo(tree.Key) < 0)
        {
            var (left, right) = Split(tree.Left, key);
            return (left, ReferenceEquals(right, tree.Left) ? tree : tree.With(right, tree.Right));
        }
        else
        {
            var (left, right) = Split(tree.Right, key);
            return (ReferenceEquals(left, tree.Right) ? tree : tree.With(tree.Left, left), right);
        }
    }

    private static MapNode<TKey, TValue>? Join(MapNode<TKey, TValue>? left, MapNode<TKey, TValue>? right)
    {
        if (left is null) return right;
        if (right is null) return left;
        return left.IsAbove(right) ? left.With(left.Left, Join(left.Right, right)) : right.With(Join(left, right.Left), right.Right);
    }
}

/// <summary>Makes a tree of entries that come in the order of their keys, in O(n).</summary>
internal sealed class OrderedMapBuilder<TKey, TValue>
    where TKey : notnull, IComparable<TKey>
    where TValue : class
{
    /// <summary>From the root down along the right side.</summary>
    private readonly Stack<MapNode<TKey, TValue>> rightmost = new();

    public int Count { get; private set; }

    /// <param name="value">null: it is left out.</param>
    public void Add(TKey key, TValue? value)
    {
        if (value is null) return;
        Count++;
        var node = new MapNode<TKey, TValue>(key, value);
        MapNode<TKey, TValue>? below = null;
        while (rightmost.TryPeek(out var last) && node.IsAbove(last)) below = rightmost.Pop();
        node.Adopt(below);
        if (rightmost.TryPeek(out var above)) above.Continue(node);
        rightmost.Push(node);
    }

    public MapNode<TKey, TValue>? Complete()
    {
        MapNode<TKey, TValue>? root = null;
        while (rightmost.TryPop(out var node)) root = node;
        return root;
    }
}
