using EbpfLb.Model;

namespace EbpfLb.Http.Health;

/// <summary>Whether load balancers should use this node (docs/contract.md 10; KEP-3836).</summary>
public static class NodeEligibility
{
    /// <summary>The cluster autoscaler's announcement that it will remove the node; any effect counts.</summary>
    public const string DeletionTaint = "ToBeDeletedByClusterAutoscaler";

    public static bool IsEligible(Node? node)
        => node is { IsDeleting: false } && !node.TaintKeys.Contains(DeletionTaint, StringComparer.Ordinal);
}
