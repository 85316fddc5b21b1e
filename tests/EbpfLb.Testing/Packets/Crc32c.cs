using System.Numerics;

namespace EbpfLb.Testing.Packets;

/// <summary>The checksum of SCTP (RFC 9260, appendix A).</summary>
public static class Crc32c
{
    /// <summary>The CRC of a packet whose checksum field counts as zero; it is stored with its low byte first.</summary>
    public static uint Of(ReadOnlySpan<byte> packet, int checksumAt = 8)
    {
        var crc = uint.MaxValue;
        for (var i = 0; i < packet.Length; i++)
            crc = BitOperations.Crc32C(crc, i >= checksumAt && i < checksumAt + 4 ? (byte)0 : packet[i]);
        return ~crc;
    }
}
