using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>An SCTP common header and one chunk (RFC 9260) whose value is the payload.</summary>
/// <param name="Chunk">Chunk type: 0 DATA, 1 INIT, 2 INIT ACK, 6 ABORT...</param>
/// <param name="VerificationTag">0 in an INIT.</param>
public sealed record SctpPacket(byte Chunk = 1, uint VerificationTag = 0) : Transport
{
    public override byte Protocol(bool ipv6) => IpProtocol.Sctp;

    internal override byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload)
    {
        byte[] bytes = [.. new byte[16], .. payload, .. new byte[-payload.Length & 3]];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)destination.Port);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), VerificationTag);
        bytes[12] = Chunk;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), (ushort)(4 + payload.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Crc32c.Of(bytes) ^ Wrongness);
        return bytes;
    }
}
