using System.Buffers.Binary;
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
    private const int InfoData = 2;
    private const int ParentNamespace = 37;

    /// <summary>IFLA_VLAN_ID, _EGRESS_QOS and _PROTOCOL.</summary>
    private const int VlanId = 1, VlanPriorities = 3, VlanProtocol = 5;

    /// <summary>IFLA_VXLAN_GROUP6, _LOCAL6, _COLLECT_METADATA and _DF.</summary>
    private const int VxlanGroup6 = 16, VxlanLocal6 = 17, VxlanByPacket = 25, VxlanDf = 29;

    /// <summary>IFLA_GENEVE_COLLECT_METADATA, _REMOTE6 and _DF.</summary>
    private const int GeneveByPacket = 6, GeneveRemote6 = 7, GeneveDf = 13;

    private const ushort Ethernet8021Q = 0x8100;

    /// <summary>
    /// null for what other families tell in messages of the same type: a bridge's RTM_DELLINK only says that a port left it.
    /// </summary>
    public static Link? Parse(NetlinkMessage message)
    {
        var body = message.Body<LinkBody>();
        if (body.Family != 0) return null;
        string? name = null, kind = null;
        int master = 0, parent = 0, mtu = 0;
        ushort vlan = 0;
        bool isElsewhere = false, isWhole = false;
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
                case ParentNamespace: isElsewhere = true; break;
                case LinkInfo: (kind, vlan, isWhole) = KindOf(attributes.Nested); break;
            }
        }
        // A number there, which here is another device's or nobody's.
        if (isElsewhere && kind != "veth") parent = 0;
        // Wireless events are RTM_NEWLINK without a name.
        return name is null ? null
            : new Link(body.Index, name, kind, (LinkType)body.Type, (LinkFlags)body.Flags, master, parent, mtu, mac)
            {
                VlanId = vlan, SendsWhole = isWhole,
            };
    }

    /// <summary>
    /// And of a VLAN its number, see <see cref="Link.VlanId"/>, of a tunnel <see cref="Link.SendsWhole"/>. The kind comes first.
    /// </summary>
    private static (string? Kind, ushort Vlan, bool IsWhole) KindOf(AttributeReader info)
    {
        (string? Kind, ushort Vlan, bool IsWhole) found = default;
        while (info.MoveNext())
        {
            if (info.Type == InfoKind) found.Kind = info.Text;
            if (info.Type != InfoData) continue;
            switch (found.Kind)
            {
                case Link.Vlan: found.Vlan = PlainVlan(info.Nested); break;
                case Link.Vxlan:
                    found.IsWhole = HasAny(info.Nested, [VxlanGroup6, VxlanLocal6, VxlanByPacket, VxlanDf], flag: null);
                    break;
                case Link.Geneve: found.IsWhole = HasAny(info.Nested, [GeneveRemote6, GeneveDf], GeneveByPacket); break;
            }
        }
        return found;
    }

    /// <summary>One of the addresses or numbers is not 0, or the flag is there.</summary>
    private static bool HasAny(AttributeReader data, ReadOnlySpan<int> numbers, int? flag)
    {
        while (data.MoveNext())
        {
            if (data.Type == flag || (numbers.Contains(data.Type) && data.Value.ContainsAnyExcept((byte)0))) return true;
        }
        return false;
    }

    private static ushort PlainVlan(AttributeReader data)
    {
        ushort id = 0, protocol = 0;
        var hasPriorities = false;
        while (data.MoveNext())
        {
            switch (data.Type)
            {
                case VlanId: id = BinaryPrimitives.ReadUInt16LittleEndian(data.Value); break;
                case VlanProtocol: protocol = BinaryPrimitives.ReadUInt16BigEndian(data.Value); break;
                case VlanPriorities: hasPriorities = true; break;
            }
        }
        return protocol == Ethernet8021Q && !hasPriorities ? id : (ushort)0;
    }
}
