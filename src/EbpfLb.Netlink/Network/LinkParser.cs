using System.Net.NetworkInformation;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>RTM_NEWLINK and RTM_DELLINK (IFLA_... of linux/if_link.h).</summary>
internal static class LinkParser
{
    private const int Address = 1;
    private const int Name = 3;
    private const int Mtu = 4;
    private const int Parent = 5;
    private const int Master = 10;
    private const int LinkInfo = 18;
    private const int InfoKind = 1;

    /// <summary>
    /// null for what other families tell in messages of the same type: a bridge's RTM_DELLINK only says that a port left it.
    /// </summary>
    public static Link? Parse(NetlinkMessage message)
    {
        var body = message.Body<LinkBody>();
        if (body.Family != 0) return null;
        string? name = null, kind = null;
        int master = 0, parent = 0, mtu = 0;
        var mac = PhysicalAddress.None;
        var attributes = message.Attributes<LinkBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case Address: mac = new PhysicalAddress(attributes.Value.ToArray()); break;
                case Name: name = attributes.Text; break;
                case Mtu: mtu = (int)attributes.Number; break;
                case Parent: parent = (int)attributes.Number; break;
                case Master: master = (int)attributes.Number; break;
                case LinkInfo: kind = KindOf(attributes.Nested); break;
            }
        }
        // Wireless events are RTM_NEWLINK without a name.
        return name is null ? null : new Link(body.Index, name, kind, (LinkType)body.Type, (LinkFlags)body.Flags, master, parent, mtu, mac);
    }

    private static string? KindOf(AttributeReader info)
    {
        while (info.MoveNext())
            if (info.Type == InfoKind) return info.Text;
        return null;
    }
}
