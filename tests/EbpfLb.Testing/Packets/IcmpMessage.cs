using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>An ICMP or ICMPv6 message (by the family of the packet); the payload is what follows its eight bytes.</summary>
/// <param name="Type">As on the wire.</param>
/// <param name="Code">As on the wire.</param>
/// <param name="Rest">Bytes 4 to 7: the MTU, or identifier and sequence number of an echo.</param>
public sealed record IcmpMessage(byte Type, byte Code = 0, uint Rest = 0) : Transport
{
    public override byte Protocol(bool ipv6) => ipv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp;

    internal override byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload)
    {
        byte[] bytes = [Type, Code, 0, 0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), Rest);
        var checksum = IsIpv6(source)
            ? Checksum(source, destination, bytes)
            : InternetChecksum.Finish(InternetChecksum.Sum(bytes));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)(checksum + Wrongness));
        return bytes;
    }
}
