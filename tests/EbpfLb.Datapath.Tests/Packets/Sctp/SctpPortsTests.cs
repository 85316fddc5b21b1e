using System.Buffers.Binary;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Sctp;

public sealed class SctpPortsTests : IDisposable
{
    private readonly UnitProgram crc = new("crc", "unit_crc");
    private readonly Random random = new(20240917);

    public void Dispose() => crc.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_checksum_follows_the_ports_at_every_length(bool ipv6)
    {
        foreach (var length in Enumerable.Range(12, 189).Concat(Enumerable.Range(0, 100).Select(_ => random.Next(200, 3000))))
        {
            var packet = Packet(ipv6, length);
            var (sport, dport) = ((ushort)random.Next(1, 65536), (ushort)random.Next(1, 65536));
            Ports(sport, dport);

            crc.AssertTurns(packet.Build(), UnitProgram.Changed, WithPorts(packet, sport, dport).Build());
        }
    }

    [Fact]
    public void The_change_is_that_of_the_whole_packet_up_to_64_kib()
    {
        using var change = crc.Bpf.OpenProgram("unit_crc_change");
        foreach (var length in Enumerable.Range(0, 300).Select(_ => random.Next(12, 65536)).Concat([12, 4096, 32768, 65515, 65535]))
        {
            var before = new byte[length];
            random.NextBytes(before);
            var after = before.ToArray();
            random.NextBytes(after.AsSpan(0, 4));

            var question = new byte[24];
            BinaryPrimitives.WriteUInt32LittleEndian(
                question.AsSpan(16), BinaryPrimitives.ReadUInt32LittleEndian(before) ^ BinaryPrimitives.ReadUInt32LittleEndian(after));
            BinaryPrimitives.WriteInt32LittleEndian(question.AsSpan(20), length);
            var answer = change.TestRun(new TestRunRequest { Data = question }).Data;

            Assert.Equal(Crc32c.Of(before) ^ Crc32c.Of(after), BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(16)));
        }
    }

    [Fact]
    public void Options_and_extension_headers_are_not_counted()
    {
        Ports(1, 2);
        foreach (var packet in (PacketBuilder[])[
            Packet(false, 100).Options(1, 1, 1, 1), Packet(true, 100).With(ExtensionHeader.HopByHop(), ExtensionHeader.Destination(3))])
        {
            crc.AssertTurns(packet.Build(), UnitProgram.Changed, WithPorts(packet, 1, 2).Build());
        }
    }

    [Fact]
    public void Padding_of_the_frame_is_not_counted()
    {
        var packet = Packet(false, 16);
        Ports(1, 2);

        crc.AssertTurns([.. packet.Build(), .. new byte[10]], UnitProgram.Changed, [.. WithPorts(packet, 1, 2).Build(), .. new byte[10]]);
    }

    [Fact]
    public void A_wrong_checksum_stays_wrong()
    {
        var packet = Packet(false, 100, wrongness: 0xbeef);
        Ports(1, 2);

        var (_, turned) = crc.Run(packet.Build());

        var state = Assert.Single(PacketVerifier.Checksums(PacketReader.Read(turned)), c => c.Name == "sctp.checksum");
        Assert.Equal(0xbeefu, state.Error);
    }

    [Fact]
    public void A_checksum_that_is_not_computed_yet_stays_so()
    {
        var packet = Packet(false, 100).Build();
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(14 + 20 + 8), 0);
        Ports(1, 2);

        var (verdict, turned) = crc.Run(packet);

        Assert.Equal(UnitProgram.Changed, verdict);
        Assert.Equal(0UL, PacketReader.Read(turned).Number("sctp.checksum"));
    }

    [Fact]
    public void Ports_of_a_fragment_do_not_change()
    {
        var packet = Packet(false, 400);
        var first = packet.Fragments(200)[0];

        Ports(1, 2);
        Assert.Equal(UnitProgram.Dropped, crc.Run(first).Verdict);

        var ports = packet.Data.AsSpan(0, 4);
        Ports(BinaryPrimitives.ReadUInt16BigEndian(ports), BinaryPrimitives.ReadUInt16BigEndian(ports[2..]));
        var (verdict, unchanged) = crc.Run(first);
        Assert.Equal(UnitProgram.Changed, verdict);
        Assert.Equal(first, unchanged);
    }

    private static PacketBuilder WithPorts(PacketBuilder packet, ushort sport, ushort dport)
    {
        var bytes = packet.Data.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, sport);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), dport);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Crc32c.Of(bytes));
        return packet.Payload(bytes);
    }

    /// <summary>An SCTP packet of any length; the builder's own are whole chunks.</summary>
    private PacketBuilder Packet(bool ipv6, int length, uint wrongness = 0)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Crc32c.Of(bytes) ^ wrongness);
        var ends = ipv6
            ? PacketBuilder.From("2001:db8::9", 40000).To("fd00:10:96::10", 80)
            : PacketBuilder.From("192.0.2.9", 40000).To("10.96.0.10", 80);
        return ends.Over(new RawTransport(IpProtocol.Sctp)).Payload(bytes);
    }

    private void Ports(ushort sport, ushort dport)
    {
        using var ports = crc.Bpf.OpenMap<uint, uint>("unit_ports");
        Span<byte> raw = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(raw, sport);
        BinaryPrimitives.WriteUInt16BigEndian(raw[2..], dport);
        ports.Update(0, BitConverter.ToUInt32(raw));
    }
}
