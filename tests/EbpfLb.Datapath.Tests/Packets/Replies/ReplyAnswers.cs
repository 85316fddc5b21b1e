using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

/// <summary>Packets to services and what they are to be answered with, byte by byte.</summary>
internal static class ReplyAnswers
{
    private const int Longest4 = 576;
    private const int Longest6 = 1280;

    public static PacketBuilder Request(bool ipv6) => ipv6
        ? PacketBuilder.From("2001:db8::9", 40000).To("fd00:10:96::10", 80)
        : PacketBuilder.From("192.0.2.9", 40000).To("10.96.0.10", 80);

    public static byte[] Reset(PacketBuilder request, TcpFlags flags, uint sequence, uint acknowledgment) =>
        Answer(request).Over(new TcpSegment(flags, sequence, acknowledgment) { Window = 0 }).Build();

    /// <summary>An error that quotes as much as may be.</summary>
    public static byte[] Error(PacketBuilder request, byte type, byte code, uint rest = 0) =>
        Answer(request).IcmpError(type, code, request, Quoted(request), rest).Build();

    /// <summary>An error that quotes a frame as it came in; the builder knows no unfinished checksums.</summary>
    public static byte[] Error(PacketBuilder request, byte[] frame, byte type, byte code, uint rest = 0)
    {
        var packet = frame[PacketReader.Read(frame, request.Link is not null).Ip.Start..];
        return Answer(request).Icmp(type, code, rest).Payload(packet[..Math.Min(packet.Length, Quoted(request))]).Build();
    }

    public static byte[] PortUnreachable(PacketBuilder request, byte[] frame) =>
        request.IsIpv6 ? Error(request, frame, 1, 4) : Error(request, frame, 3, 3);

    public static byte[] PortUnreachable(PacketBuilder request) =>
        request.IsIpv6 ? Error(request, 1, 4) : Error(request, 3, 3);

    private static int Quoted(PacketBuilder request) => request.IsIpv6 ? Longest6 - 48 : Longest4 - 28;

    private static PacketBuilder Answer(PacketBuilder request) =>
        PacketBuilder.From(request.Destination.Address, request.Destination.Port)
            .To(request.Source.Address, request.Source.Port) with
        {
            Link = request.Link is { } link ? link.Reversed with { VlanTag = null } : null,
            DontFragment = true,
            Id = 0,
        };
}
