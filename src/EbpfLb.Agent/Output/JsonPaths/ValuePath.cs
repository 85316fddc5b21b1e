using System.Text.Json;

namespace EbpfLb.Agent.Output.JsonPaths;

/// <summary>Steps from a value to others.</summary>
/// <param name="FromRoot">It begins with "$".</param>
internal sealed record ValuePath(bool FromRoot, IReadOnlyList<PathStep> Steps)
{
    public IEnumerable<JsonElement> Find(JsonElement root, JsonElement here)
    {
        IEnumerable<JsonElement> values = [FromRoot ? root : here];
        foreach (var step in Steps) values = values.SelectMany(v => step.Find(root, v));
        return values;
    }
}

/// <summary>What of a value comes next; nothing where it has none.</summary>
internal abstract record PathStep
{
    public abstract IEnumerable<JsonElement> Find(JsonElement root, JsonElement value);

    protected static IEnumerable<JsonElement> Items(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray(),
        JsonValueKind.Object => value.EnumerateObject().Select(p => p.Value),
        _ => [],
    };
}

/// <summary>".name", "['name']".</summary>
internal sealed record FieldStep(string Name) : PathStep
{
    public override IEnumerable<JsonElement> Find(JsonElement root, JsonElement value)
        => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(Name, out var field) ? [field] : [];
}

/// <summary>"[*]", ".*".</summary>
internal sealed record AllStep : PathStep
{
    public override IEnumerable<JsonElement> Find(JsonElement root, JsonElement value) => Items(value);
}

/// <summary>"[2]", "[-1]", the last one.</summary>
internal sealed record IndexStep(int Index) : PathStep
{
    public override IEnumerable<JsonElement> Find(JsonElement root, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return [];
        var count = value.GetArrayLength();
        var at = Index < 0 ? count + (long)Index : Index;
        return at >= 0 && at < count ? [value[(int)at]] : [];
    }
}

/// <summary>"[1:3]": from the first up to, without, the last; negative ones count from the end.</summary>
internal sealed record SliceStep(int? First, int? End) : PathStep
{
    public override IEnumerable<JsonElement> Find(JsonElement root, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return [];
        var count = value.GetArrayLength();
        var (from, to) = (Place(First ?? 0, count), Place(End ?? count, count));
        return value.EnumerateArray().Skip(from).Take(to - from);
    }

    private static int Place(int at, int count) => (int)Math.Clamp(at < 0 ? count + (long)at : at, 0, count);
}

/// <summary>"[?(@.kind=="NodePort")]", "[?(@.noBackends)]".</summary>
/// <param name="Right">null: it is enough that the left one is there, and neither null nor false.</param>
internal sealed record FilterStep(Operand Left, Comparison Comparison, Operand? Right) : PathStep
{
    public override IEnumerable<JsonElement> Find(JsonElement root, JsonElement value) => Items(value).Where(item => Matches(root, item));

    /// <summary>Of several values one that matches is enough.</summary>
    private bool Matches(JsonElement root, JsonElement item)
    {
        var left = Left.Find(root, item);
        if (Right is null) return left.Any(v => v.ValueKind is not (JsonValueKind.Null or JsonValueKind.False));
        var right = Right.Find(root, item).ToList();
        return left.Any(l => right.Exists(r => Holds(l, r)));
    }

    private bool Holds(JsonElement left, JsonElement right)
    {
        var order = Order(left, right);
        return Comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            Comparison.Greater => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>null: they are of different types, or have no order and differ.</summary>
    private static int? Order(JsonElement left, JsonElement right) => (left.ValueKind, right.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => left.GetDouble().CompareTo(right.GetDouble()),
        (JsonValueKind.String, JsonValueKind.String) => string.CompareOrdinal(left.GetString(), right.GetString()),
        (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null, var kind) when kind == left.ValueKind => 0,
        _ => null,
    };
}

internal enum Comparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>One side of a comparison.</summary>
/// <param name="Path">null: it is a constant.</param>
internal sealed record Operand(ValuePath? Path, JsonElement Constant)
{
    public IEnumerable<JsonElement> Find(JsonElement root, JsonElement item) => Path?.Find(root, item) ?? [Constant];
}
