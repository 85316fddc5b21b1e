using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>What the packets of a conversation carry.</summary>
internal static class Segments
{
    /// <summary>The first packet of a client.</summary>
    public static Transport Opening(L4 protocol) => protocol switch
    {
        L4.Tcp => new TcpSegment(TcpFlags.Syn) { Options = [2, 4, 5, 0xb4] },
        L4.Udp => new UdpDatagram(),
        _ => new SctpPacket(Chunk: 1),
    };

    /// <summary>The first packet of a server.</summary>
    public static Transport Answer(L4 protocol) => protocol switch
    {
        L4.Tcp => new TcpSegment(TcpFlags.Syn | TcpFlags.Ack, 5000, 1001) { Options = [2, 4, 5, 0xb4] },
        L4.Udp => new UdpDatagram(),
        _ => new SctpPacket(Chunk: 2, VerificationTag: 0x1234_5678),
    };

    /// <summary>A later packet of either.</summary>
    public static Transport Data(L4 protocol) => protocol switch
    {
        L4.Tcp => new TcpSegment(TcpFlags.Ack | TcpFlags.Psh, 1001, 5001) { Options = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8] },
        L4.Udp => new UdpDatagram(),
        _ => new SctpPacket(Chunk: 0, VerificationTag: 0x8765_4321),
    };
}
