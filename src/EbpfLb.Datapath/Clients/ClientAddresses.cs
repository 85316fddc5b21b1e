using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Clients;

/// <summary>What processes of a network namespace connect from unless they bind to another address; null: none of that family.</summary>
public sealed record ClientAddresses(IpAddress? IPv4, IpAddress? IPv6)
{
    public static ClientAddresses None { get; } = new(null, null);

    public bool IsEmpty => IPv4 is null && IPv6 is null;

    /// <summary>
    /// The source that the kernel would choose towards the default route: the first usable global address of that device, rather
    /// one in the subnet of the router; without such a route the first at all.
    /// </summary>
    /// <param name="node">The Node object when the namespace is the node's: its addresses go first. Else null.</param>
    public static ClientAddresses Of(NetworkSnapshot network, Model.Node? node = null)
    {
        var addresses = new NodeAddresses(network, node);
        return new ClientAddresses(addresses.Primary4, addresses.Primary6);
    }
}
