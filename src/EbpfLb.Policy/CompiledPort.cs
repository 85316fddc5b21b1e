using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What one service port does in one family.</summary>
/// <param name="Frontends">In the order of the policies that made them; never empty.</param>
/// <param name="AffinitySeconds">ClientIP affinity time-out in seconds; 0 means none.</param>
/// <param name="Backends">Ordered, without duplicates. Empty: connections are refused.</param>
public sealed record CompiledPort(
    ServicePortKey Key,
    ValueList<Frontend> Frontends,
    uint AffinitySeconds,
    ValueList<BackendAddress> Backends);
