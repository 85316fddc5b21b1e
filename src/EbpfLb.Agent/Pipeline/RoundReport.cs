using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>What one round did: one snapshot compiled, planned and applied.</summary>
/// <param name="Sequence">Of the snapshot.</param>
/// <param name="EndedAt">UTC.</param>
/// <param name="Applied">The plan ran to its end; false when it could not be made or run at all.</param>
/// <param name="Failures">Objects that are not as wanted; empty when all is in the kernel.</param>
/// <param name="RetryIn">When the next try follows by itself; null when none is needed.</param>
internal sealed record RoundReport(
    long Sequence,
    DateTimeOffset EndedAt,
    int Services,
    int Operations,
    TimeSpan Compile,
    TimeSpan Apply,
    bool Applied,
    IReadOnlyList<ObjectFailure> Failures,
    TimeSpan? RetryIn)
{
    public bool Succeeded => Failures.Count == 0;

    /// <summary>
    /// All that fits is in the kernel. A Service that is too large must take neither the agent, by its liveness probe, nor the node's other
    /// Services with it; kube-proxy, whose rules of health and readiness these are, has no such limit.
    /// </summary>
    public bool HasWhatFits => Applied && Failures.All(f => f.LacksRoom);

    /// <summary>Of <see cref="Apply"/>, what was spent on writing into the tables; the rest is planning.</summary>
    public TimeSpan Write { get; init; }

    /// <summary>From the arrival of what was programmed until the end of the round.</summary>
    public TimeSpan SinceArrival { get; init; }

    /// <summary>Protocols of the service ports that lost backends altogether in this round.</summary>
    public IReadOnlySet<TransportProtocol> LostBackends { get; init; } = new HashSet<TransportProtocol>();

    /// <summary>Protocols of the frontends that were none before this round, or led nowhere, and have backends now.</summary>
    public IReadOnlySet<TransportProtocol> OpenedFrontends { get; init; } = new HashSet<TransportProtocol>();
}

/// <summary>A round, with what it compiled and why it was run.</summary>
/// <param name="Compiled">null: nothing could be compiled yet.</param>
internal sealed record FinishedPlan(RoundReport Round, CompiledState? Compiled, PlanCause Cause);

/// <summary>Why a round was run.</summary>
internal enum PlanCause
{
    /// <summary>The source had another state of the cluster.</summary>
    Source,

    /// <summary>Something had failed before.</summary>
    Retry,

    /// <summary>Something else that a round depends on changed: the node's network, a drain; or maps are repaired.</summary>
    Request,
}
