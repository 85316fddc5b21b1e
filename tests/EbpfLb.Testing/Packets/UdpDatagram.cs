using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>A UDP header (RFC 768).</summary>
/// <param name="ZeroChecksum">The sender computed none.</param>
public sealed record UdpDatagram(bool ZeroChecksum = false) : Transport
{
    public override byte Protocol(bool ipv6) => IpProtocol.Udp;

    internal override byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload)
    {
        byte[] bytes = [.. new byte[8], .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)destination.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)bytes.Length);
        if (ZeroChecksum) return bytes;
        // A computed zero is sent as all ones: zero means that there is none.
        var checksum = Checksum(source, destination, bytes) is var c and not 0 ? c : (ushort)0xffff;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)(checksum + Wrongness));
        return bytes;
    }
}
