using System.Net.NetworkInformation;

namespace EbpfLb.Netlink.Network;

/// <summary>A network device (struct net_device as RTM_NEWLINK shows it).</summary>
/// <param name="Index">Interface index, unique in its namespace.</param>
/// <param name="Name">"eth0".</param>
/// <param name="Kind">"veth", "bridge", "vxlan" ...; null for hardware (and what pretends to be: virtio, ena).</param>
/// <param name="Type">What its packets begin with.</param>
/// <param name="Flags">Up, loopback ...</param>
/// <param name="MasterIndex">The bridge, bond, team or VRF that it belongs to; 0: none.</param>
/// <param name="ParentIndex">The device below a VLAN, macvlan or tunnel, 0 where it is in another namespace; or a veth's other end (there
/// in its own namespace); 0: none.</param>
/// <param name="Mtu">In bytes, without the link layer's header.</param>
/// <param name="Mac">Hardware address; empty when it has none.</param>
public sealed record Link(
    int Index, string Name, string? Kind, LinkType Type, LinkFlags Flags, int MasterIndex, int ParentIndex, int Mtu, PhysicalAddress Mac)
{
    /// <summary>Kind of a device whose frames have a tag on the one below.</summary>
    public const string Vlan = "vlan";

    /// <summary>Kinds of tunnels by UDP.</summary>
    public const string Vxlan = "vxlan", Geneve = "geneve";

    /// <summary>
    /// Of a VLAN whose frames have nothing in their tag but this number, by 802.1Q. 0: no VLAN, one of 802.1ad, or one that writes
    /// priorities (egress-qos-map).
    /// </summary>
    public ushort VlanId { get; init; }

    /// <summary>
    /// Of a <see cref="Vxlan"/> or <see cref="Geneve"/> device: what it sends is not cut, as it goes by IPv6 or has "don't fragment"
    /// (`df` of ip-link(8)), or as each packet says where it goes (`external`), so that it is not known.
    /// </summary>
    public bool SendsWhole { get; init; }

    /// <summary>A network card, or what pretends to be one (virtio, ena).</summary>
    public bool IsHardware => Kind is null && !Flags.HasFlag(LinkFlags.Loopback);

    /// <summary>Switched on by its administrator.</summary>
    public bool IsUp => Flags.HasFlag(LinkFlags.Up);
}
