namespace EbpfLb.Testing.Packets;

/// <summary>Protocol numbers (IANA) of headers that the builder and the reader know.</summary>
public static class IpProtocol
{
    public const byte HopByHop = 0;
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Routing = 43;
    public const byte Fragment = 44;
    public const byte IcmpV6 = 58;
    public const byte NoNext = 59;
    public const byte DestinationOptions = 60;
    public const byte Sctp = 132;

    /// <summary>"TCP", "UDP"...; the number of what has no name here.</summary>
    public static string NameOf(byte protocol) => protocol switch
    {
        Icmp => "ICMP",
        Tcp => "TCP",
        Udp => "UDP",
        IcmpV6 => "ICMPv6",
        Sctp => "SCTP",
        _ => protocol.ToString(),
    };
}
