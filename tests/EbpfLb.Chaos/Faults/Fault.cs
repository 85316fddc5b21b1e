namespace EbpfLb.Chaos.Faults;

/// <summary>Something that goes wrong while objects change.</summary>
/// <param name="Name">As in docs/chaos.md and `make chaos ONLY=`.</param>
/// <param name="Happen">Lets it happen; with true in seconds, for tests.</param>
internal sealed record Fault(string Name, Action<Bed, Random, bool> Happen)
{
    /// <summary>What connections live by is taken away itself.</summary>
    public bool MayLose { get; init; }

    public static IReadOnlyList<Fault> All { get; } =
        [.. ApiFaults.All, .. AgentFaults.All, .. KillFaults.All, .. KernelFaults.All, .. NodeFaults.All];

    public override string ToString() => Name;
}

/// <summary>This machine cannot let it happen; the message says what it lacks.</summary>
internal sealed class FaultNotRunException(string message) : Exception(message);
