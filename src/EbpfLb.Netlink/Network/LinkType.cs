namespace EbpfLb.Netlink.Network;

/// <summary>ARPHRD_... of linux/if_arp.h: what packets of a device begin with. Values that have no name here are fine.</summary>
public enum LinkType : ushort
{
    /// <summary>ARPHRD_ETHER: Ethernet, and whatever looks like it.</summary>
    Ethernet = 1,

    /// <summary>ARPHRD_INFINIBAND.</summary>
    Infiniband = 32,

    /// <summary>ARPHRD_PPP.</summary>
    Ppp = 512,

    /// <summary>ARPHRD_RAWIP: modems.</summary>
    RawIp = 519,

    /// <summary>ARPHRD_TUNNEL: IP in IP.</summary>
    Tunnel = 768,

    /// <summary>ARPHRD_TUNNEL6: in IPv6.</summary>
    Tunnel6 = 769,

    /// <summary>ARPHRD_LOOPBACK.</summary>
    Loopback = 772,

    /// <summary>ARPHRD_SIT: IPv6 in IPv4.</summary>
    Sit = 776,

    /// <summary>ARPHRD_IPGRE.</summary>
    IpGre = 778,

    /// <summary>ARPHRD_IP6GRE.</summary>
    Ip6Gre = 823,

    /// <summary>ARPHRD_NONE: WireGuard, tun and others that carry bare IP.</summary>
    None = 0xfffe,
}

/// <summary>IFF_... of linux/if.h.</summary>
[Flags]
public enum LinkFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>Switched on.</summary>
    Up = 0x1,

    /// <summary>The loopback device.</summary>
    Loopback = 0x8,

    /// <summary>One other end.</summary>
    PointToPoint = 0x10,

    /// <summary>IFF_LOWER_UP: there is a carrier.</summary>
    Carrier = 0x10000,
}
