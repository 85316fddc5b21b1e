using System.Buffers.Binary;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Probes;

/// <summary>The first packet of a connection, with an Ethernet header: a SYN, a datagram of one byte, an INIT.</summary>
internal static class ProbePacket
{
    private const int Ethernet = 14;
    private const int HeaderV4 = 20;
    private const int HeaderV6 = 40;
    private const byte HopLimit = 64;
    private const byte IpInIp = 4;
    private const byte Ipv6InIp = 41;
    private const byte TcpSyn = 2;
    private const byte SctpInit = 1;

    public static byte[] Create(BackendAddress client, Frontend frontend)
    {
        var isV4 = frontend.Address.Family == IpFamily.IPv4;
        var transport = Transport(client.Port, frontend);
        var header = isV4 ? HeaderV4 : HeaderV6;
        var packet = new byte[Ethernet + header + transport.Length];
        packet[0] = packet[6] = 2;
        packet[5] = 1;
        packet[11] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), isV4 ? (ushort)0x0800 : (ushort)0x86dd);
        var ip = packet.AsSpan(Ethernet, header);
        if (isV4) WriteV4(ip, client.Address, frontend, transport.Length);
        else WriteV6(ip, client.Address, frontend, transport.Length);
        transport.CopyTo(packet.AsSpan(Ethernet + header));
        return packet;
    }

    /// <summary>The ends of a packet; ports 0 where it has none that we would make.</summary>
    /// <returns>null when it is no IP packet.</returns>
    public static (BackendAddress Source, BackendAddress Destination)? Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Ethernet + HeaderV4) return null;
        var ip = packet[Ethernet..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(packet[12..]))
        {
            case 0x0800:
                var ports4 = Ports(ip[((ip[0] & 15) * 4)..], ip[9]);
                return (new BackendAddress(IpAddress.FromBytes(ip.Slice(12, 4)), ports4.Source),
                    new BackendAddress(IpAddress.FromBytes(ip.Slice(16, 4)), ports4.Destination));
            case 0x86dd when ip.Length >= HeaderV6:
                var ports6 = Ports(ip[HeaderV6..], ip[6]);
                return (new BackendAddress(IpAddress.FromBytes(ip.Slice(8, 16)), ports6.Source),
                    new BackendAddress(IpAddress.FromBytes(ip.Slice(24, 16)), ports6.Destination));
            default:
                return null;
        }
    }

    /// <summary>Where the tunnel that the packet is in ends (IP in IP); null: it is in none.</summary>
    public static IpAddress? TunnelOf(ReadOnlySpan<byte> packet)
    {
        if (Read(packet) is not { } ends) return null;
        var protocol = ends.Destination.Address.Family == IpFamily.IPv4 ? packet[Ethernet + 9] : packet[Ethernet + 6];
        return protocol is IpInIp or Ipv6InIp ? ends.Destination.Address : null;
    }

    /// <summary>The frame without the outer header of a tunnel.</summary>
    public static byte[] Inside(ReadOnlySpan<byte> packet)
    {
        var isV4 = BinaryPrimitives.ReadUInt16BigEndian(packet[12..]) == 0x0800;
        var isIpv6 = packet[Ethernet + (isV4 ? 9 : 6)] == Ipv6InIp;
        return [.. packet[..12], .. isIpv6 ? (byte[])[0x86, 0xdd] : [8, 0], .. packet[(Ethernet + (isV4 ? HeaderV4 : HeaderV6))..]];
    }

    private static (ushort Source, ushort Destination) Ports(ReadOnlySpan<byte> transport, byte protocol)
        => (TransportProtocol)protocol is TransportProtocol.Tcp or TransportProtocol.Udp or TransportProtocol.Sctp && transport.Length >= 4
            ? (BinaryPrimitives.ReadUInt16BigEndian(transport), BinaryPrimitives.ReadUInt16BigEndian(transport[2..]))
            : default;

    /// <summary>Checksums are left 0: programs change them by differences, and nobody receives this packet.</summary>
    private static byte[] Transport(ushort sourcePort, Frontend frontend)
    {
        var bytes = new byte[frontend.Protocol switch { TransportProtocol.Tcp => 20, TransportProtocol.Udp => 9, _ => 32 }];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), frontend.Port);
        switch (frontend.Protocol)
        {
            case TransportProtocol.Tcp:
                bytes[12] = 5 << 4;
                bytes[13] = TcpSyn;
                bytes[14] = 0xff;
                break;
            case TransportProtocol.Udp:
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)bytes.Length);
                break;
            default:
                bytes[12] = SctpInit;
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), 20);
                break;
        }
        return bytes;
    }

    private static void WriteV4(Span<byte> ip, IpAddress client, Frontend frontend, int length)
    {
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(HeaderV4 + length));
        ip[8] = HopLimit;
        ip[9] = (byte)frontend.Protocol;
        client.ToIPAddress().TryWriteBytes(ip[12..], out _);
        frontend.Address.ToIPAddress().TryWriteBytes(ip[16..], out _);
        var sum = 0u;
        for (var i = 0; i < HeaderV4; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(ip[i..]);
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~sum);
    }

    private static void WriteV6(Span<byte> ip, IpAddress client, Frontend frontend, int length)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)length);
        ip[6] = (byte)frontend.Protocol;
        ip[7] = HopLimit;
        client.ToIPAddress().TryWriteBytes(ip[8..], out _);
        frontend.Address.ToIPAddress().TryWriteBytes(ip[24..], out _);
    }
}
