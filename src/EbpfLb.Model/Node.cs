namespace EbpfLb.Model;

/// <summary>The node this agent runs on, with only what a proxy needs.</summary>
/// <param name="Addresses">InternalIP addresses first, then ExternalIP, in the object's order within each.</param>
/// <param name="Zone">Label topology.kubernetes.io/zone, null when unset or empty.</param>
public sealed record Node(
    string Name,
    ValueList<IpAddress> Addresses,
    ValueList<string> PodCidrs,
    string? Zone,
    bool IsDeleting,
    ValueList<string> TaintKeys)
{
    /// <summary>The cluster autoscaler's announcement that it will remove the node; any effect counts.</summary>
    public const string DeletionTaint = "ToBeDeletedByClusterAutoscaler";

    /// <summary>Whether load balancers should use this node (docs/contract.md 10; KEP-3836).</summary>
    public bool IsEligible => !IsDeleting && !TaintKeys.Contains(DeletionTaint, StringComparer.Ordinal);

    /// <summary>Whether an agent may run there, which opens what others send it in tunnels. No object says that one does.</summary>
    public bool OpensTunnels { get; init; } = true;
}

/// <summary>Where a node of the cluster is.</summary>
/// <param name="Addresses">As of <see cref="Node.Addresses"/>.</param>
/// <param name="OpensTunnels">As of <see cref="Node.OpensTunnels"/>.</param>
public readonly record struct NodePlace(string Name, ValueList<IpAddress> Addresses, bool OpensTunnels = true);
