namespace EbpfLb.Datapath.Canary;

/// <summary>Whether the socket hooks really rewrite a connection of this process, per family.</summary>
/// <param name="Problem">null when they do; else what was seen and what to do.</param>
public sealed record CanaryResult(bool Ok, string? Problem)
{
    /// <summary>What was seen, without what may be the cause; "" when nothing is wrong.</summary>
    public string Seen { get; init; } = "";

    public static CanaryResult Good { get; } = new(true, null);
}
