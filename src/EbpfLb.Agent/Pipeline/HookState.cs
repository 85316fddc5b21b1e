using EbpfLb.Datapath.Canary;

namespace EbpfLb.Agent.Pipeline;

/// <summary>How the hooks are.</summary>
/// <param name="Attached">Everything has been attached by this process.</param>
/// <param name="Error">Why attaching failed the last time; null when it did not.</param>
/// <param name="Canary">The last check; null before the first one.</param>
/// <param name="CheckedAt">UTC, of the last check.</param>
internal sealed record HookState(bool Attached, string? Error, CanaryResult? Canary, DateTimeOffset? CheckedAt)
{
    public static HookState None { get; } = new(false, null, null, null);

    public bool InForce => Attached && Canary is { Ok: true };
}
