using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.Wire;

/// <summary>struct ifinfomsg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkBody
{
    public byte Family;
    public byte Pad;
    public ushort Type;
    public int Index;
    public uint Flags;
    public uint Change;
}

/// <summary>struct ifaddrmsg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressBody
{
    public byte Family;
    public byte PrefixLength;
    public byte Flags;
    public byte Scope;
    public int Index;
}

/// <summary>struct rtmsg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteBody
{
    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte Tos;
    public byte Table;
    public byte Protocol;
    public byte Scope;
    public byte Type;
    public uint Flags;
}

/// <summary>struct rtnexthop.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NextHopBody
{
    public const int Bytes = 8;

    public ushort Length;
    public byte Flags;
    public byte Hops;
    public int Index;
}

/// <summary>struct tcmsg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TrafficControlBody
{
    public byte Family;
    public byte Pad1;
    public ushort Pad2;
    public int Index;
    public uint Handle;
    public uint Parent;
    public uint Info;
}

/// <summary>struct inet_diag_req_v2 with its struct inet_diag_sockid; ports and addresses in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SocketDiagBody
{
    public byte Family;
    public byte Protocol;
    public byte Extensions;
    public byte Pad;
    public uint States;
    public ushort SourcePort;
    public ushort DestinationPort;
    public AddressBytes Source;
    public AddressBytes Destination;
    public uint Device;
    public uint CookieLow;
    public uint CookieHigh;
}

/// <summary>struct nfgenmsg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetfilterBody
{
    public byte Family;
    public byte Version;
    public ushort Resource;
}

/// <summary>struct genlmsghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GenericBody
{
    public byte Command;
    public byte Version;
    public ushort Reserved;
}

/// <summary>struct inet_diag_msg with its struct inet_diag_sockid; ports and addresses in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SocketDiagAnswer
{
    public byte Family;
    public byte State;
    public byte Timer;
    public byte Retransmits;
    public ushort SourcePort;
    public ushort DestinationPort;
    public AddressBytes Source;
    public AddressBytes Destination;
    public uint Device;
    public uint CookieLow;
    public uint CookieHigh;
    public uint Expires;
    public uint ReceiveQueue;
    public uint SendQueue;
    public uint User;
    public uint Inode;
}

/// <summary>An address; an IPv4 one is in the first four bytes.</summary>
[InlineArray(16)]
internal struct AddressBytes
{
    private byte first;
}

/// <summary>struct xfrm_selector; ports in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IpsecSelector
{
    public AddressBytes Destination;
    public AddressBytes Source;
    public ushort DestinationPort;
    public ushort DestinationPortMask;
    public ushort SourcePort;
    public ushort SourcePortMask;
    public ushort Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte Protocol;
    public int Device;
    public uint User;
}

/// <summary>struct xfrm_userpolicy_id.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IpsecPolicyId
{
    public IpsecSelector Selector;
    public uint Index;
    public byte Direction;
}

/// <summary>struct xfrm_userpolicy_info; its limits of life are not read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IpsecPolicyBody
{
    public IpsecSelector Selector;
    public IpsecLifetimes Lifetimes;
    public uint Priority;
    public uint Index;
    public byte Direction;
    public byte Action;
    public byte Flags;
    public byte Share;
}

/// <summary>struct xfrm_lifetime_cfg and struct xfrm_lifetime_cur: twelve numbers.</summary>
[InlineArray(12)]
internal struct IpsecLifetimes
{
    private ulong first;
}
