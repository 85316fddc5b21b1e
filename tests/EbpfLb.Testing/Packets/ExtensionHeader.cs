using System.Buffers.Binary;

namespace EbpfLb.Testing.Packets;

/// <summary>An IPv6 extension header (RFC 8200 section 4): its number and all of it but the first byte, which names what follows.</summary>
public sealed record ExtensionHeader(byte Number, byte[] AfterNext)
{
    /// <summary>Whether every fragment of a datagram repeats it.</summary>
    public bool PerFragment => Number is IpProtocol.HopByHop or IpProtocol.Routing;

    /// <summary>Hop-by-hop options: padding only.</summary>
    public static ExtensionHeader HopByHop(int words = 1) => Options(IpProtocol.HopByHop, words);

    /// <summary>Destination options: padding only.</summary>
    public static ExtensionHeader Destination(int words = 1) => Options(IpProtocol.DestinationOptions, words);

    /// <summary>A routing header of an experimental type; with segments left, the address in the IP header is not the last one.</summary>
    public static ExtensionHeader Routing(byte segmentsLeft = 0) => new(IpProtocol.Routing, [0, 253, segmentsLeft, 0, 0, 0, 0]);

    /// <summary>A fragment header.</summary>
    /// <param name="id">Identification.</param>
    /// <param name="offset">Bytes before this fragment, a multiple of 8.</param>
    /// <param name="more">More fragments follow.</param>
    public static ExtensionHeader Fragment(uint id, int offset = 0, bool more = false)
    {
        var bytes = new byte[7];
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), (ushort)(offset | (more ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(3), id);
        return new ExtensionHeader(IpProtocol.Fragment, bytes);
    }

    // PadN over everything behind the two bytes of the header.
    private static ExtensionHeader Options(byte number, int words) =>
        new(number, [(byte)(words - 1), 1, (byte)(8 * words - 4), .. new byte[8 * words - 4]]);
}
