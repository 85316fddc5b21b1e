using EbpfLb.Model;
using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Sources;

/// <summary>Who may use the LoadBalancer frontends of a service port (docs/contract.md 7); all other frontends are open to all.</summary>
internal static class SourceFilter
{
    /// <summary>
    /// The ranges of the family, ordered; empty when there is none: then all may. When the node's own address is allowed, so are the VIPs:
    /// on a node that has a VIP as an address of its own, the node's connections to it come from the VIP.
    /// </summary>
    public static ValueList<SourceRange> Ranges(Service service, IpFamily family, ReadOnlySpan<ServedFrontend> frontends, NodeFacts node)
    {
        if (service.SourceRanges.IsEmpty) return [];
        var isBalanced = false;
        foreach (ref readonly var served in frontends) isBalanced |= served.Kind == FrontendKind.LoadBalancer;
        if (!isBalanced) return [];

        var ranges = new SortedSet<SourceRange>(service.SourceRanges.Where(r => r.Prefix.Family == family));
        if (node.Primary(family) is not { } own || !ranges.Any(r => r.Contains(own))) return ranges.ToValueList();
        foreach (ref readonly var served in frontends)
        {
            if (served.Kind == FrontendKind.LoadBalancer) ranges.Add(SourceRange.Only(served.Frontend.Address));
        }
        return ranges.ToValueList();
    }
}
