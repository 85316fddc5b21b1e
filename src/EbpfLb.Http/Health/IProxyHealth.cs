using EbpfLb.Model;

namespace EbpfLb.Http.Health;

/// <summary>What the health endpoints tell. Called from any thread.</summary>
public interface IProxyHealth
{
    HealthReport Report();

    ReadinessReport Readiness();
}

/// <summary>Health of the data set of one family; each keeps its own clock (docs/contract.md 10).</summary>
/// <param name="LastUpdated">Now while healthy, else the time of the last successful sync; null: there was none.</param>
public sealed record FamilyHealth(DateTimeOffset? LastUpdated, bool Healthy);

/// <param name="LastUpdated">Now while healthy, else the time of the last successful sync of any family; null: there was none.</param>
/// <param name="NodeEligible">Whether load balancers should send traffic to this node.</param>
/// <param name="Healthy">No change has been waiting too long to reach the kernel.</param>
public sealed record HealthReport(
    DateTimeOffset? LastUpdated,
    DateTimeOffset CurrentTime,
    bool NodeEligible,
    bool Healthy,
    IReadOnlyDictionary<IpFamily, FamilyHealth> Status)
{
    /// <summary>Why only a restart helps; null: it is not so. Never with <see cref="Healthy"/>.</summary>
    public string? Dead { get; init; }
}

/// <param name="Reasons">For people: what is missing, and what to do about it. Empty when ready.</param>
public sealed record ReadinessReport(bool Ready, IReadOnlyList<string> Reasons)
{
    /// <summary>
    /// What this kernel lacks of what the agent can use, with what is lost and what the kernel answered. Ready nevertheless.
    /// </summary>
    public IReadOnlyList<string> MissingFeatures { get; init; } = [];
}
