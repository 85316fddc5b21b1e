using System.Buffers.Binary;

namespace EbpfLb.Testing.Packets;

/// <summary>Computes every checksum of a packet from scratch.</summary>
public static class PacketVerifier
{
    /// <summary>All checksums that the packet holds: of the outer and of an inner packet, IP header and transport.</summary>
    public static IReadOnlyList<ChecksumState> Checksums(ParsedPacket packet)
    {
        var found = new List<ChecksumState>();
        foreach (var ip in new[] { packet.Outer, packet.Inner })
        {
            if (ip is null) continue;
            if (!ip.IsIpv6 && Header(packet, ip) is { } header) found.Add(header);
            if (Transport(packet, ip) is { } transport) found.Add(transport);
        }
        return found;
    }

    /// <summary>What is wrong, a line each; empty: nothing.</summary>
    public static IReadOnlyList<string> Problems(ParsedPacket packet) =>
        [.. Checksums(packet).Where(c => c.IsWrong).Select(c => c.ToString())];

    private static ChecksumState? Header(ParsedPacket packet, ParsedIp ip)
    {
        var length = (packet.Bytes[ip.Start] & 15) * 4;
        if (ip.Start + length > packet.Bytes.Length) return null;
        var header = packet.Bytes.AsSpan(ip.Start, length);
        return new ChecksumState(
            ip.Prefix + "ipv4.checksum", BinaryPrimitives.ReadUInt16BigEndian(header[10..]), Error(InternetChecksum.Sum(header)),
            Complete: true);
    }

    private static ChecksumState? Transport(ParsedPacket packet, ParsedIp ip)
    {
        var name = ip.Protocol switch
        {
            IpProtocol.Tcp => "tcp",
            IpProtocol.Udp => "udp",
            IpProtocol.Sctp => "sctp",
            IpProtocol.Icmp when !ip.IsIpv6 => "icmp",
            IpProtocol.IcmpV6 when ip.IsIpv6 => "icmp",
            _ => null,
        };
        if (name is null || ip.Transport < 0 || ip.FragmentOffset > 0) return null;
        name = $"{ip.Prefix}{name}.checksum";
        var field = packet.Fields.FirstOrDefault(f => f.Name == name);
        // What is behind the outer packet's end is not part of an inner one.
        var limit = Math.Min(packet.Bytes.Length, ReferenceEquals(ip, packet.Inner) ? packet.Ip.End : ip.End);
        // Not there, or behind the packet's end by its own words: then it is no checksum of it.
        if (field.Length == 0 || field.Offset + field.Length > Math.Min(limit, ip.End)) return null;
        var stored = (uint)packet.Number(name);
        var end = Math.Min(Math.Max(ip.End, ip.Transport), limit);
        var segment = packet.Bytes.AsSpan(ip.Transport, end - ip.Transport);
        var complete = !ip.IsFragment && end == ip.End;
        if (ip.Protocol == IpProtocol.Sctp)
        {
            // A CRC of a part says nothing of the whole.
            stored = BinaryPrimitives.ReverseEndianness(stored);
            return new ChecksumState(name, stored, complete ? stored ^ Crc32c.Of(segment) : 0, complete);
        }
        var sum = InternetChecksum.Sum(segment);
        if (ip.Protocol != IpProtocol.Icmp)
        {
            sum = InternetChecksum.Sum(
                segment, InternetChecksum.PseudoHeader(ip.Source.Address, ip.Destination.Address, ip.Protocol, ip.End - ip.Transport));
        }
        var absent = ip.Protocol == IpProtocol.Udp && stored == 0 && (!ip.IsIpv6 || ip.Prefix.Length > 0);
        return new ChecksumState(name, stored, absent ? 0 : Error(sum), complete, absent);
    }

    // A right sum is all ones; both zeros of the ones' complement are the same number.
    private static uint Error(uint sum) => sum == 0xffff ? 0 : sum;
}
