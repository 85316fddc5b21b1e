using EbpfLb.Model;

namespace EbpfLb.Policy.Compiler;

/// <summary>What the rules ask about the own node. A change of it compiles everything anew; other changes of the node do not.</summary>
/// <param name="Name">Empty when it is not known: nothing is local then, and hints for nodes do not count.</param>
/// <param name="Zone">null while the node has none, or is not known: hints for zones do not count then.</param>
/// <param name="Nodes">Of the whole cluster; empty where nothing goes by tunnels.</param>
internal sealed record NodeFacts(string Name, string? Zone, IpAddress? PrimaryV4, IpAddress? PrimaryV6, ValueList<NodePlace> Nodes)
{
    public static NodeFacts Of(PolicyOptions options, ClusterSnapshot snapshot) => new(
        options.NodeName, snapshot.Node?.Zone, First(snapshot.Node?.Addresses, IpFamily.IPv4),
        First(snapshot.Node?.Addresses, IpFamily.IPv6), options.Tunnels ? snapshot.Nodes : []);

    /// <summary>The node's primary address of a family, the first of the Node object (docs/contract.md 13, startup 2).</summary>
    public IpAddress? Primary(IpFamily family) => family == IpFamily.IPv4 ? PrimaryV4 : PrimaryV6;

    /// <summary>By nodeName alone: an endpoint without one is never local, whatever its address (docs/contract.md 3).</summary>
    public bool IsHere(in Endpoint endpoint) => endpoint.NodeName == Name;

    /// <summary>The first of a family, as of a Node object; null when there is none.</summary>
    public static IpAddress? First(ValueList<IpAddress>? addresses, IpFamily family)
    {
        foreach (var address in addresses ?? [])
        {
            if (address.Family == family) return address;
        }
        return null;
    }
}
