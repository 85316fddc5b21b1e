using EbpfLb.Model;
using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>Where tunnels to the nodes of endpoints end.</summary>
internal sealed class TunnelEnds(NodeFacts node)
{
    private readonly Lazy<Dictionary<string, NodeEnds>> ends = new(
        () => node.Nodes.Where(n => n.OpensTunnels).ToDictionary(
            n => n.Name, n => new NodeEnds(End(n, IpFamily.IPv4), End(n, IpFamily.IPv6)), StringComparer.Ordinal));

    /// <summary>
    /// An IPv4 packet goes by IPv4 where both nodes have an address of it, else by IPv6, as an IPv6 packet does. null: the endpoint is on
    /// this node, or on none that is known to open tunnels at such an address.
    /// </summary>
    public TunnelEnd? Of(in Endpoint endpoint)
    {
        if (endpoint.NodeName is not { } name || node.IsHere(endpoint) || !ends.Value.TryGetValue(name, out var known)) return null;
        return endpoint.Address.Family == IpFamily.IPv4 && node.PrimaryV4 is not null && known.V4 is { } end ? end
            : node.PrimaryV6 is null ? null : known.V6;
    }

    private static TunnelEnd? End(NodePlace place, IpFamily family)
        => NodeFacts.First(place.Addresses, family) is { } address ? new TunnelEnd(address) : null;

    private readonly record struct NodeEnds(TunnelEnd? V4, TunnelEnd? V6);
}
