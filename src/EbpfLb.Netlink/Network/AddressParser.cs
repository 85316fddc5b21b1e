using System.Net;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>RTM_NEWADDR and RTM_DELADDR (IFA_... of linux/if_addr.h).</summary>
internal static class AddressParser
{
    private const int AddressOrPeer = 1;
    private const int LocalAddress = 2;
    private const int AllFlags = 8;

    public static Address? Parse(NetlinkMessage message)
    {
        var body = message.Body<AddressBody>();
        IPAddress? address = null, local = null;
        uint flags = body.Flags;
        var attributes = message.Attributes<AddressBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case AddressOrPeer: address = attributes.Address; break;
                case LocalAddress: local = attributes.Address; break;
                case AllFlags: flags = attributes.Number; break;
            }
        }
        // With both, "address" is the peer; IPv6 without a peer has "address" alone, IPv4 has the same twice.
        if ((local ?? address) is not { } own) return null;
        var peer = local is not null && address is not null && !address.Equals(local) ? address : null;
        return new Address(body.Index, own, body.PrefixLength, (AddressScope)body.Scope, (AddressFlags)flags, peer);
    }
}
