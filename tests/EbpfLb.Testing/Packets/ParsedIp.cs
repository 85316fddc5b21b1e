using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>One IP packet among the bytes of a frame: the outer one, or the one in an ICMP error.</summary>
/// <param name="Prefix">Of its field names: "" or "inner.".</param>
/// <param name="Start">Offset of the IP header.</param>
/// <param name="Transport">Offset of the transport header, or of a later fragment's data; -1: not within the bytes.</param>
/// <param name="End">Where the IP header says that the packet ends; may be behind the last byte.</param>
/// <param name="Protocol">Of the transport header.</param>
/// <param name="FragmentOffset">Bytes of the datagram before this fragment.</param>
/// <param name="MoreFragments">Others follow.</param>
/// <param name="Source">Address, and port where there is one.</param>
/// <param name="Destination">Address, and port where there is one.</param>
public sealed record ParsedIp(
    string Prefix, int Start, int Transport, int End, byte Protocol, int FragmentOffset, bool MoreFragments, IPEndPoint Source,
    IPEndPoint Destination)
{
    public bool IsIpv6 => Packets.Transport.IsIpv6(Source);

    public bool IsFragment => MoreFragments || FragmentOffset > 0;
}
