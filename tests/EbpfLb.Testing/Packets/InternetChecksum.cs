using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>Sums of RFC 1071, from scratch: nothing here is incremental, so it can judge what is.</summary>
public static class InternetChecksum
{
    /// <summary>The ones' complement sum of 16-bit words; an odd byte at the end counts as if a zero followed.</summary>
    public static uint Sum(ReadOnlySpan<byte> bytes, uint start = 0)
    {
        ulong sum = start;
        for (; bytes.Length >= 2; bytes = bytes[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length == 1) sum += (uint)bytes[0] << 8;
        return Fold(sum);
    }

    /// <summary>The sum of the pseudo header (RFC 9293, RFC 8200 section 8.1).</summary>
    public static uint PseudoHeader(IPAddress source, IPAddress destination, byte protocol, int length)
    {
        var sum = Sum(source.GetAddressBytes());
        sum = Sum(destination.GetAddressBytes(), sum);
        return Fold(sum + protocol + ((uint)length >> 16) + ((uint)length & 0xffff));
    }

    /// <summary>What goes into the checksum field.</summary>
    public static ushort Finish(uint sum) => (ushort)~Fold(sum);

    private static uint Fold(ulong sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (uint)sum;
    }
}
