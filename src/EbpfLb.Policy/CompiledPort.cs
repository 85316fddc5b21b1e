using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What one service port does in one family.</summary>
/// <param name="Frontends">In the order of the policies that made them; never empty.</param>
/// <param name="AffinitySeconds">ClientIP affinity time-out in seconds; 0 means none.</param>
/// <param name="Backends">The union of the Cluster list, the Local list and those that only keep what they have, ordered by address, without duplicates.</param>
/// <param name="Elsewhere">
/// A usable endpoint exists somewhere (docs/contract.md 6, hasAny): an empty list means drop. When none does, connections are refused.
/// </param>
/// <param name="Ranges">
/// Sources that may use the LoadBalancer frontends, ordered, without duplicates; empty: all may (docs/contract.md 7).
/// </param>
public sealed record CompiledPort(
    ServicePortKey Key,
    ValueList<ServedFrontend> Frontends,
    uint AffinitySeconds,
    ValueList<CompiledBackend> Backends,
    bool HasRemoteEndpoints,
    ValueList<SourceRange> Ranges)
{
    /// <summary>
    /// The ClusterIP whose other ports and protocols are refused (docs/contract.md 8); said by one port of each Service and family,
    /// null at the others.
    /// </summary>
    public IpAddress? RejectedAddress { get; init; }

    /// <summary><see cref="RejectedAddress"/> as a frontend that stands for all others of the address.</summary>
    public Frontend? ClosedFrontend => RejectedAddress is { } address ? Frontend.AnyPort(address) : null;
}
