using EbpfLb.Model;

namespace EbpfLb.Policy.Compiler;

/// <summary>What the rules ask about the own node. A change of it compiles everything anew; other changes of the node do not.</summary>
/// <param name="Name">Empty when it is not known: nothing is local then, and hints for nodes do not count.</param>
/// <param name="Zone">null while the node has none, or is not known: hints for zones do not count then.</param>
internal sealed record NodeFacts(string Name, string? Zone, IpAddress? PrimaryV4, IpAddress? PrimaryV6)
{
    public static NodeFacts Of(PolicyOptions options, Node? node)
        => new(options.NodeName, node?.Zone, First(node, IpFamily.IPv4), First(node, IpFamily.IPv6));

    /// <summary>The node's primary address of a family, the first of the Node object (docs/contract.md 13, startup 2).</summary>
    public IpAddress? Primary(IpFamily family) => family == IpFamily.IPv4 ? PrimaryV4 : PrimaryV6;

    /// <summary>By nodeName alone: an endpoint without one is never local, whatever its address (docs/contract.md 3).</summary>
    public bool IsHere(in Endpoint endpoint) => endpoint.NodeName == Name;

    private static IpAddress? First(Node? node, IpFamily family)
    {
        foreach (var address in node?.Addresses ?? [])
        {
            if (address.Family == family) return address;
        }
        return null;
    }
}
