namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// The paths of one document whose line is wanted. Lines are looked up only when something is wrong: one more walk over
/// the text fills in all of them, so that reading good files keeps no line table.
/// </summary>
internal sealed class PathTree
{
    private readonly PathTree? parent;
    private readonly Dictionary<string, PathTree> members = [];
    private readonly Dictionary<int, PathTree> items = [];

    private PathTree(PathTree? parent) => this.parent = parent;

    public PathTree() : this(null)
    {
    }

    private TextPosition? found;

    /// <summary>Where the value is, or the nearest value around it when it is not there itself.</summary>
    public TextPosition Position => found ?? parent?.Position ?? TextPosition.Start;

    /// <summary>Marks the value as found; the first mark counts.</summary>
    public void Found(TextPosition position) => found ??= position;

    public PathTree Add(FieldPath? path)
    {
        var node = this;
        if (path is null) return node;
        foreach (var step in path.Steps())
        {
            node = step.Name is not null
                ? GetOrAdd(node.members, step.Name, node)
                : GetOrAdd(node.items, step.Index, node);
        }
        return node;
    }

    public PathTree? Member(string name) => members.GetValueOrDefault(name);

    public PathTree? Item(int index) => items.GetValueOrDefault(index);

    private static PathTree GetOrAdd<TKey>(Dictionary<TKey, PathTree> children, TKey key, PathTree parent) where TKey : notnull
    {
        if (!children.TryGetValue(key, out var child)) children.Add(key, child = new PathTree(parent));
        return child;
    }
}

/// <summary>Line and column in a file, both from 1; columns count UTF-16 units in YAML and bytes in JSON.</summary>
internal readonly record struct TextPosition(int Line, int Column)
{
    public static TextPosition Start { get; } = new(1, 1);
}
