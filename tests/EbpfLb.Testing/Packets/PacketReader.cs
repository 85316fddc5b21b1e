using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>Takes packets apart into named fields. Shares nothing with the builder but the field widths of the RFCs.</summary>
public static class PacketReader
{
    private const int MaxExtensions = 16;

    /// <param name="packet">Any bytes.</param>
    /// <param name="ethernet">False: they begin with an IP header.</param>
    public static ParsedPacket Read(byte[] packet, bool ethernet = true)
    {
        var cursor = new FieldCursor(packet);
        var (outer, inner) = Read(cursor, ethernet);
        cursor.TakeRest(outer is null ? "rest" : cursor.Position >= outer.End ? "trailer" : "payload");
        return new ParsedPacket(packet, cursor.Fields, outer, inner);
    }

    private static (ParsedIp? Outer, ParsedIp? Inner) Read(FieldCursor cursor, bool ethernet)
    {
        if (ethernet && !Link(cursor)) return default;
        var outer = Ip(cursor, "");
        if (outer is null) return default;
        var inner = IsIcmpError(outer, cursor) ? Ip(cursor, "inner.") : null;
        if (outer.End > cursor.Position) cursor.Take("payload", outer.End - cursor.Position);
        return (outer, inner);
    }

    private static bool Link(FieldCursor cursor)
    {
        if (!cursor.TakeAll("eth.", "dst:6", "src:6")) return false;
        while (cursor.Has(4) && cursor.Word(0) is 0x8100 or 0x88a8)
            cursor.TakeAll("vlan.", "protocol:2", "tci:2");
        var isIp = cursor.Has(2) && cursor.Word(0) is 0x0800 or 0x86dd;
        return cursor.Take("eth.type", 2) && isIp;
    }

    private static ParsedIp? Ip(FieldCursor cursor, string prefix)
    {
        if (!cursor.Has(1)) return null;
        return (cursor.Byte(0) >> 4) switch
        {
            4 => Ipv4(cursor, prefix),
            6 => Ipv6(cursor, prefix),
            _ => null,
        };
    }

    private static ParsedIp? Ipv4(FieldCursor cursor, string prefix)
    {
        var start = cursor.Position;
        if (!cursor.Has(20)) return null;
        var headerLength = (cursor.Byte(0) & 15) * 4;
        var fragment = cursor.Word(6);
        var ip = new ParsedIp(
            prefix, start, -1, start + cursor.Word(2), cursor.Byte(9), (fragment & 0x1fff) * 8, (fragment & 0x2000) != 0,
            new IPEndPoint(new IPAddress(cursor.Bytes(12, 4)), 0), new IPEndPoint(new IPAddress(cursor.Bytes(16, 4)), 0));
        if (headerLength < 20) return null;
        cursor.TakeAll(
            prefix + "ipv4.", "ihl:1", "tos:1", "length:2", "id:2", "frag:2", "ttl:1", "proto:1", "checksum:2", "src:4", "dst:4");
        return cursor.Take(prefix + "ipv4.options", headerLength - 20) ? Transport(cursor, ip) : ip;
    }

    private static ParsedIp? Ipv6(FieldCursor cursor, string prefix)
    {
        var start = cursor.Position;
        if (!cursor.Has(40)) return null;
        var next = cursor.Byte(6);
        var ip = new ParsedIp(
            prefix, start, -1, start + 40 + cursor.Word(4), next, 0, false,
            new IPEndPoint(new IPAddress(cursor.Bytes(8, 16)), 0), new IPEndPoint(new IPAddress(cursor.Bytes(24, 16)), 0));
        cursor.TakeAll(prefix + "ipv6.", "class:4", "length:2", "next:1", "hops:1", "src:16", "dst:16");
        for (var i = 0; i < MaxExtensions; i++)
        {
            ip = ip with { Protocol = next };
            if (next is not (IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.DestinationOptions or IpProtocol.Fragment)) break;
            if (!cursor.Has(8)) return ip;
            var following = cursor.Byte(0);
            var length = next == IpProtocol.Fragment ? 8 : (cursor.Byte(1) + 1) * 8;
            if (next == IpProtocol.Fragment)
                ip = ip with { FragmentOffset = cursor.Word(2) & 0xfff8, MoreFragments = (cursor.Word(2) & 1) != 0 };
            if (!cursor.Take($"{prefix}ipv6.ext{next}", length)) return ip;
            next = following;
            if (ip.FragmentOffset > 0) break;
        }
        return Transport(cursor, ip with { Protocol = next });
    }

    private static ParsedIp Transport(FieldCursor cursor, ParsedIp ip)
    {
        ip = ip with { Transport = cursor.Position };
        if (ip.FragmentOffset > 0) return ip;
        if (ip.Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp && cursor.Has(4))
        {
            ip = ip with
            {
                Source = new IPEndPoint(ip.Source.Address, cursor.Word(0)),
                Destination = new IPEndPoint(ip.Destination.Address, cursor.Word(2)),
            };
        }
        switch (ip.Protocol)
        {
            case IpProtocol.Tcp:
                var options = cursor.Has(13) ? Math.Max(0, (cursor.Byte(12) >> 4) * 4 - 20) : 0;
                _ = cursor.TakeAll(
                    ip.Prefix + "tcp.", "sport:2", "dport:2", "seq:4", "ack:4", "offset:1", "flags:1", "window:2", "checksum:2", "urgent:2")
                    && cursor.Take(ip.Prefix + "tcp.options", options);
                break;
            case IpProtocol.Udp:
                cursor.TakeAll(ip.Prefix + "udp.", "sport:2", "dport:2", "length:2", "checksum:2");
                break;
            case IpProtocol.Sctp:
                cursor.TakeAll(ip.Prefix + "sctp.", "sport:2", "dport:2", "tag:4", "checksum:4");
                break;
            case IpProtocol.Icmp:
            case IpProtocol.IcmpV6:
                cursor.TakeAll(ip.Prefix + "icmp.", "type:1", "code:1", "checksum:2", "rest:4");
                break;
        }
        return ip;
    }

    private static bool IsIcmpError(ParsedIp ip, FieldCursor cursor)
    {
        if (ip.IsFragment || ip.Transport < 0 || cursor.Ended) return false;
        var type = cursor.Position - ip.Transport == 8 ? cursor.Byte(-8) : byte.MaxValue;
        return ip.Protocol switch
        {
            IpProtocol.Icmp => !ip.IsIpv6 && type is 3 or 4 or 5 or 11 or 12,
            IpProtocol.IcmpV6 => ip.IsIpv6 && type < 128,
            _ => false,
        };
    }
}
