using System.Buffers.Binary;
using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>
/// A packet in words. It never changes: each verb gives another one, so a test derives the expected packet from what it sent.
/// <code>PacketBuilder.From("192.0.2.9", 40000).To("10.96.0.10", 80).Tcp(TcpFlags.Syn).Build()</code>
/// </summary>
public sealed record PacketBuilder
{
    private PacketBuilder(IPEndPoint source) => Source = Destination = source;

    public IPEndPoint Source { get; init; }

    public IPEndPoint Destination { get; init; }

    /// <summary>Null: the packet begins with its IP header.</summary>
    public LinkHeader? Link { get; init; } = LinkHeader.Default;

    public Transport Transport { get; init; } = new UdpDatagram();

    /// <summary>TTL or hop limit.</summary>
    public byte HopLimit { get; init; } = 64;

    /// <summary>TOS or traffic class.</summary>
    public byte TrafficClass { get; init; }

    public uint FlowLabel { get; init; }

    /// <summary>Identification of an IPv4 packet and of fragments of both families.</summary>
    public uint Id { get; init; } = 0x1234;

    public bool DontFragment { get; init; }

    /// <summary>Options of an IPv4 header, whole words.</summary>
    public byte[] Ipv4Options { get; init; } = [];

    /// <summary>In the order of the wire.</summary>
    public ExtensionHeader[] Extensions { get; init; } = [];

    public byte[] Data { get; init; } = [];

    public bool IsIpv6 => Transport.IsIpv6(Source);

    public static PacketBuilder From(string address, int port = 0) => From(IPAddress.Parse(address), port);

    public static PacketBuilder From(IPAddress address, int port = 0) => new(new IPEndPoint(address, port));

    public PacketBuilder To(string address, int port = 0) => To(IPAddress.Parse(address), port);

    public PacketBuilder To(IPAddress address, int port = 0) => this with { Destination = new IPEndPoint(address, port) };

    /// <summary>The same packet from somebody else.</summary>
    public PacketBuilder WithSource(IPAddress address, int port) => this with { Source = new IPEndPoint(address, port) };

    /// <summary>An answer: ends and link addresses change places; everything else stays.</summary>
    public PacketBuilder Reversed() => this with { Source = Destination, Destination = Source, Link = Link?.Reversed };

    public PacketBuilder Over(Transport transport) => this with { Transport = transport };

    public PacketBuilder Tcp(TcpFlags flags, uint sequence = 1000, uint acknowledgment = 0, byte[]? options = null) =>
        Over(new TcpSegment(flags, sequence, acknowledgment) { Options = options ?? [] });

    public PacketBuilder Udp(bool zeroChecksum = false) => Over(new UdpDatagram(zeroChecksum));

    public PacketBuilder Sctp(byte chunk = 1, uint verificationTag = 0) => Over(new SctpPacket(chunk, verificationTag));

    public PacketBuilder Icmp(byte type, byte code = 0, uint rest = 0) => Over(new IcmpMessage(type, code, rest));

    /// <summary>An ICMP error about <paramref name="inner"/>: its IP packet, cut to <paramref name="innerLength"/> bytes.</summary>
    public PacketBuilder IcmpError(byte type, byte code, PacketBuilder inner, int innerLength = int.MaxValue, uint rest = 0)
    {
        var carried = inner.NoEthernet().Build();
        return Icmp(type, code, rest).Payload(carried[..Math.Min(innerLength, carried.Length)]);
    }

    public PacketBuilder NoEthernet() => this with { Link = null };

    public PacketBuilder Ethernet(LinkHeader link) => this with { Link = link };

    public PacketBuilder Vlan(int id, int priority = 0, ushort protocol = 0x8100) =>
        this with { Link = (Link ?? LinkHeader.Default) with { VlanTag = (ushort)(priority << 13 | id), VlanProtocol = protocol } };

    public PacketBuilder Hops(int limit) => this with { HopLimit = (byte)limit };

    /// <summary>As a router leaves it: one hop less.</summary>
    public PacketBuilder Forwarded() => Hops(HopLimit - 1);

    public PacketBuilder Options(params byte[] options) => this with { Ipv4Options = [.. options, .. new byte[-options.Length & 3]] };

    public PacketBuilder With(params ExtensionHeader[] headers) => this with { Extensions = [.. Extensions, .. headers] };

    public PacketBuilder Payload(byte[] data) => this with { Data = data };

    public PacketBuilder Payload(string text) => Payload(System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>So many bytes, no two neighbours alike.</summary>
    public PacketBuilder Payload(int length) => Payload([.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 + 1))]);

    /// <summary>The checksum of the transport is off by this much.</summary>
    public PacketBuilder Wrong(ushort wrongness) => this with { Transport = Transport with { Wrongness = wrongness } };

    public byte[] Build()
    {
        var segment = Segment();
        return IsIpv6 ? Frame(Ipv6(Extensions, Transport.Protocol(ipv6: true), segment)) : Frame(Ipv4(segment, 0, more: false));
    }

    /// <summary>The datagram in fragments that carry at most so many bytes of it (a multiple of 8), in their order.</summary>
    public byte[][] Fragments(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(size & 7, 0, nameof(size));
        if (!IsIpv6) return [.. Pieces(Segment(), size, (piece, at, more) => Ipv4(piece, at, more))];
        var repeated = Extensions.TakeWhile(e => e.PerFragment).ToArray();
        var (first, rest) = Chain(Extensions[repeated.Length..], Transport.Protocol(ipv6: true));
        return [.. Pieces([.. rest, .. Segment()], size, (piece, at, more) =>
            Ipv6([.. repeated, ExtensionHeader.Fragment(Id, at, more)], first, piece))];
    }

    public override string ToString() =>
        $"{IpProtocol.NameOf(Transport.Protocol(IsIpv6))} {Source} > {Destination}, {Data.Length} bytes";

    private byte[] Segment() => Transport.Build(Source, Destination, Data);

    private byte[] Frame(byte[] packet) => [.. Link?.Build(IsIpv6) ?? [], .. packet];

    private IEnumerable<byte[]> Pieces(byte[] whole, int size, Func<byte[], int, bool, byte[]> build)
    {
        for (var at = 0; at < whole.Length; at += size)
        {
            var end = Math.Min(at + size, whole.Length);
            yield return Frame(build(whole[at..end], at, end < whole.Length));
        }
    }

    private byte[] Ipv4(byte[] content, int offset, bool more)
    {
        byte[] bytes = [.. new byte[20], .. Ipv4Options, .. content];
        var header = bytes.AsSpan(0, 20 + Ipv4Options.Length);
        header[0] = (byte)(0x40 | header.Length / 4);
        header[1] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)bytes.Length);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)Id);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], (ushort)(offset / 8 | (more ? 0x2000 : 0) | (DontFragment ? 0x4000 : 0)));
        header[8] = HopLimit;
        header[9] = Transport.Protocol(ipv6: false);
        Source.Address.GetAddressBytes().CopyTo(header[12..]);
        Destination.Address.GetAddressBytes().CopyTo(header[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Finish(InternetChecksum.Sum(header)));
        return bytes;
    }

    private byte[] Ipv6(ExtensionHeader[] extensions, byte last, byte[] content)
    {
        var (first, chain) = Chain(extensions, last);
        byte[] bytes = [
            .. new byte[8], .. Source.Address.GetAddressBytes(), .. Destination.Address.GetAddressBytes(), .. chain, .. content];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 6u << 28 | (uint)TrafficClass << 20 | FlowLabel);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)(bytes.Length - 40));
        bytes[6] = first;
        bytes[7] = HopLimit;
        return bytes;
    }

    private static (byte First, byte[] Bytes) Chain(ExtensionHeader[] extensions, byte last)
    {
        byte[] bytes = [];
        foreach (var header in extensions.Reverse())
        {
            bytes = [last, .. header.AfterNext, .. bytes];
            last = header.Number;
        }
        return (last, bytes);
    }
}
