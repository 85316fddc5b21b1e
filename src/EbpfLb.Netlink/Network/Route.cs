using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Netlink.Network;

/// <summary>RTN_... of linux/rtnetlink.h. Values that have no name here are fine.</summary>
public enum RouteType : byte
{
    /// <summary>To another machine or a network at hand.</summary>
    Unicast = 1,

    /// <summary>To this machine.</summary>
    Local = 2,

    /// <summary>Dropped silently.</summary>
    Blackhole = 6,

    /// <summary>Refused with an ICMP error.</summary>
    Unreachable = 7,
}

/// <summary>A route, or one next hop of a multipath route. The kernel's local table is left out: it follows from the addresses.</summary>
/// <param name="Prefix">Destination; length 0: default route.</param>
/// <param name="Gateway">Next router, of the other family for an IPv4 route by an IPv6 router; null: the network is at hand.</param>
/// <param name="Oif">Index of the device it leaves by; 0 for blackholes and the like.</param>
/// <param name="Table">254 is the main one.</param>
/// <param name="Type">What happens to a packet.</param>
/// <param name="Priority">The metric: lower goes first.</param>
public sealed record Route(IPNetwork Prefix, IPAddress? Gateway, int Oif, uint Table, RouteType Type, uint Priority)
{
    /// <summary>Family of the destination.</summary>
    public AddressFamily Family => Prefix.BaseAddress.AddressFamily;

    /// <summary>0.0.0.0/0 or ::/0.</summary>
    public bool IsDefault => Prefix.PrefixLength == 0;
}
