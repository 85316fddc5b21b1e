using System.Collections.Frozen;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Devices;

/// <summary>Kinds of devices that are decided alike.</summary>
internal enum LinkGroup
{
    /// <summary>Hardware, or a virtual machine's idea of it.</summary>
    Physical,

    /// <summary>Made of or on top of others: bonds, VLANs.</summary>
    Stacked,

    Tunnel,

    /// <summary>A program is behind it: a VPN or a virtual machine.</summary>
    UserSpace,

    /// <summary>Usually pods are behind it.</summary>
    PodFacing,

    /// <summary>Addresses live there, or packets end there.</summary>
    Sink,

    Unknown,
}

/// <summary>What the kind of a device (IFLA_INFO_KIND) tells of its place.</summary>
internal static class LinkKinds
{
    private static readonly FrozenDictionary<string, LinkGroup> Groups = new (LinkGroup Group, string[] Kinds)[]
    {
        (LinkGroup.Stacked, ["bond", "team", "vlan", "macvlan", "ipvlan", "macsec", "wwan", "rmnet", "ppp", "virt_wifi", "hsr"]),
        (LinkGroup.Tunnel,
            ["vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan", "ipip", "sit", "ip6tnl", "vti", "vti6",
                "xfrm", "wireguard", "bareudp", "gtp"]),
        (LinkGroup.UserSpace, ["tun"]),
        (LinkGroup.PodFacing, ["veth", "netkit", "bridge"]),
        (LinkGroup.Sink, ["dummy", "ifb", "nlmon", "vrf", "macvtap", "ipvtap", "vcan", "vxcan"]),
    }.SelectMany(g => g.Kinds.Select(kind => (kind, g.Group))).ToFrozenDictionary(g => g.kind, g => g.Group);

    public static LinkGroup GroupOf(Link link)
        => link.Kind is null ? LinkGroup.Physical : Groups.GetValueOrDefault(link.Kind, LinkGroup.Unknown);

    /// <summary>
    /// A tunnel whose packets the kernel may cut: vxlan and geneve over IPv4 unless told otherwise, WireGuard always. Those of IP in IP
    /// have "don't fragment".
    /// </summary>
    public static bool MayBeCut(Link link)
        => link.Kind == "wireguard" || (link.Kind is Link.Vxlan or Link.Geneve && !link.SendsWhole);

    /// <summary>"a physical device", "a tap", "an ipip device".</summary>
    public static string Describe(Link link) => link.Kind switch
    {
        null => "a physical device",
        "tun" when link.Type == LinkType.Ethernet => "a tap",
        "bridge" or "veth" or "tun" or "bond" or "team" => $"a {link.Kind}",
        "vlan" => "a VLAN",
        { } kind => $"{(kind[0] is 'i' or 'e' ? "an" : "a")} {kind} device",
    };
}
