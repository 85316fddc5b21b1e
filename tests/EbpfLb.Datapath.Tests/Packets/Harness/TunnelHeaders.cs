using System.Buffers.Binary;
using System.Net;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>What is in front of a packet in a tunnel.</summary>
internal static class TunnelHeaders
{
    /// <summary>UDP and Geneve.</summary>
    public const int GeneveBytes = 16;

    private const int GenevePort = 6081;

    public static byte[] Outer(Family family, IPAddress source, IPAddress destination, byte protocol, int length, byte hops = 64)
    {
        if (family == Family.IPv6)
        {
            var six = new byte[8];
            six[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(six.AsSpan(4), (ushort)length);
            (six[6], six[7]) = (protocol, hops);
            return [.. six, .. source.GetAddressBytes(), .. destination.GetAddressBytes()];
        }
        byte[] four = [0x45, 0, 0, 0, 0, 0, 0x40, 0, hops, protocol, 0, 0, .. source.GetAddressBytes(), .. destination.GetAddressBytes()];
        BinaryPrimitives.WriteUInt16BigEndian(four.AsSpan(2), (ushort)(length + four.Length));
        BinaryPrimitives.WriteUInt16BigEndian(four.AsSpan(10), InternetChecksum.Finish(InternetChecksum.Sum(four)));
        return four;
    }

    public static byte[] Geneve(ushort port, int length, bool isIpv6)
    {
        var head = new byte[GeneveBytes];
        BinaryPrimitives.WriteUInt16BigEndian(head, port);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), GenevePort);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(4), (ushort)(length + head.Length));
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(10), isIpv6 ? (ushort)0x86dd : (ushort)0x0800);
        "EBL"u8.CopyTo(head.AsSpan(12));
        return head;
    }
}
