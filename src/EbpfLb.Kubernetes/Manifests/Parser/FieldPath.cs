namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// Where a value is inside a document: a chain of member names and positions, made only while walking down.
/// null stands for the document itself.
/// </summary>
internal sealed class FieldPath
{
    private FieldPath(FieldPath? parent, string? name, int index)
    {
        Parent = parent;
        Name = name;
        Index = index;
    }

    public FieldPath? Parent { get; }

    /// <summary>Member name, null for a position in a list.</summary>
    public string? Name { get; }

    /// <summary>Position in a list, when <see cref="Name"/> is null.</summary>
    public int Index { get; }

    public static FieldPath Member(FieldPath? parent, string name) => new(parent, name, -1);

    public static FieldPath Item(FieldPath? parent, int index) => new(parent, null, index);

    /// <summary>The steps from the document down to this value.</summary>
    public Stack<FieldPath> Steps()
    {
        var steps = new Stack<FieldPath>();
        for (var step = this; step is not null; step = step.Parent) steps.Push(step);
        return steps;
    }

    /// <summary>As Kubernetes prints it, seen from <paramref name="root"/>: "spec.ports[0].port", "metadata.labels[a.b/c]".</summary>
    public string Text(FieldPath? root)
    {
        if (ReferenceEquals(this, root)) return "";
        var before = Parent?.Text(root) ?? "";
        if (Name is null) return $"{before}[{Index}]";
        if (Name.AsSpan().ContainsAny('.', '/')) return $"{before}[{Name}]";
        return before.Length == 0 ? Name : $"{before}.{Name}";
    }

    public override string ToString() => Text(null);
}
