using EbpfLb.Model;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// What forwarding goes by while the Node object is away or half empty. kube-proxy ends when its Node is deleted and only logs an update
/// without addresses (docs/contract.md 13): here what was known stays in force, and only load balancers are told that the node is no more.
/// </summary>
internal static class LastKnownNode
{
    /// <param name="known">What forwarding went by so far; null: nothing.</param>
    /// <param name="now">The object as it is; null: there is none.</param>
    public static Node? Keep(Node? known, Node? now)
    {
        if (now is null || known is null || now.Name != known.Name) return now ?? known;
        return now with
        {
            Addresses = now.Addresses.IsEmpty ? known.Addresses : now.Addresses,
            PodCidrs = now.PodCidrs.IsEmpty ? known.PodCidrs : now.PodCidrs,
        };
    }
}
