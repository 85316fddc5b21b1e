using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>A TCP header (RFC 9293).</summary>
/// <param name="Flags">Byte 13.</param>
/// <param name="Sequence">Sequence number.</param>
/// <param name="Acknowledgment">Acknowledgment number.</param>
public sealed record TcpSegment(TcpFlags Flags, uint Sequence = 1000, uint Acknowledgment = 0) : Transport
{
    private readonly byte[] options = [];

    /// <summary>Options; padded with zeros to whole words.</summary>
    public byte[] Options
    {
        get => options;
        init => options = [.. value, .. new byte[-value.Length & 3]];
    }

    public ushort Window { get; init; } = 64240;

    public override byte Protocol(bool ipv6) => IpProtocol.Tcp;

    internal override byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload)
    {
        byte[] bytes = [.. new byte[20], .. Options, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)destination.Port);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), Acknowledgment);
        bytes[12] = (byte)((5 + Options.Length / 4) << 4);
        bytes[13] = (byte)Flags;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), Window);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), (ushort)(Checksum(source, destination, bytes) + Wrongness));
        return bytes;
    }
}
