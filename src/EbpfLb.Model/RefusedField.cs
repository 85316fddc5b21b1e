namespace EbpfLb.Model;

/// <summary>
/// A field that holds what it must not, while the object goes on as it was before with that field: annotations, which no API server checks.
/// An agent that starts knows no value before; then the default holds.
/// </summary>
/// <param name="Path">Where, inside of the object: "metadata.annotations[ebpflb.io/scheduler]".</param>
/// <param name="Message">What stands there, what is allowed, what happens, what to do.</param>
public readonly record struct RefusedField(string Path, string Message)
{
    /// <summary>Of the keys of annotations that are for us.</summary>
    public const string OwnPrefix = "ebpflb.io/";

    public const string Scheduler = "metadata.annotations[ebpflb.io/scheduler]";

    public const string MaglevTableSize = "metadata.annotations[ebpflb.io/maglev-table-size]";

    public const string Forwarding = "metadata.annotations[ebpflb.io/forwarding]";

    /// <summary>Of all endpoints of a slice.</summary>
    public const string Weight = "metadata.annotations[ebpflb.io/weight]";

    /// <summary>Of single endpoints.</summary>
    public const string Weights = "metadata.annotations[ebpflb.io/weights]";

    /// <summary>All keys of annotations that are for us: the first three of Services, the others of EndpointSlices.</summary>
    public static IReadOnlyList<string> OwnAnnotations { get; } = [.. new[] { Scheduler, MaglevTableSize, Forwarding, Weight, Weights }
        .Select(path => path["metadata.annotations[".Length..^1])];
}
