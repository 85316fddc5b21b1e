using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Format;

public sealed class VerifierTests
{
    public static TheoryData<string, string> KernelPackets => new()
    {
        { KernelBytes.Udp4, "ipv4.checksum udp.checksum" },
        { KernelBytes.TcpSyn4, "ipv4.checksum tcp.checksum" },
        { KernelBytes.PortUnreachable4, "ipv4.checksum icmp.checksum inner.ipv4.checksum inner.udp.checksum" },
        { KernelBytes.Udp6, "udp.checksum" },
        { KernelBytes.TcpSyn6, "tcp.checksum" },
        { KernelBytes.PortUnreachable6, "icmp.checksum inner.udp.checksum" },
    };

    [Theory]
    [MemberData(nameof(KernelPackets))]
    public void What_the_kernel_sends_is_right(string hex, string names)
    {
        var checksums = PacketVerifier.Checksums(PacketReader.Read(KernelBytes.Bytes(hex)));

        Assert.Equal(names, string.Join(' ', checksums.Select(c => c.Name)));
        Assert.All(checksums, c => Assert.Equal((true, 0u, false), (c.Complete, c.Error, c.Absent)));
    }

    [Theory]
    [MemberData(nameof(KernelPackets))]
    public void No_changed_bit_of_the_ip_packet_goes_unnoticed(string hex, string names)
    {
        Assert.NotEmpty(names);
        var packet = KernelBytes.Bytes(hex);
        // Class and flow label, length, next header and hop limit of IPv6 are covered by no checksum, or only as the pseudo header has
        // them.
        var uncovered = PacketReader.Read(packet).Fields.Where(f
            => f.Name is "ipv6.class" or "ipv6.hops" || f.Name.StartsWith("eth", StringComparison.Ordinal));
        var skip = uncovered.SelectMany(f => Enumerable.Range(f.Offset, f.Length)).ToHashSet();

        for (var bit = 0; bit < packet.Length * 8; bit++)
        {
            if (skip.Contains(bit / 8)) continue;
            var changed = packet.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit & 7));
            var parsed = PacketReader.Read(changed);
            var right = PacketVerifier.Checksums(parsed);
            Assert.False(
                right.Count == names.Split(' ').Length && right.All(c => c.Complete && !c.Absent && c.Error == 0),
                $"bit {bit & 7} of byte {bit / 8}:\n{parsed}");
        }
    }

    [Fact]
    public void The_crc_is_that_of_the_rfc()
    {
        Assert.Equal(0xe3069283u, Crc32c.Of("123456789"u8, checksumAt: 9));
        Assert.Equal(0x8a9136aau, Crc32c.Of(new byte[32]));
    }

    [Fact]
    public void A_flipped_bit_of_sctp_is_noticed()
    {
        var packet = PacketBuilder.From("192.0.2.1", 40000).To("192.0.2.2", 80).Sctp().Payload(20).Build();
        Assert.Empty(PacketVerifier.Problems(PacketReader.Read(packet)));

        packet[^3] ^= 1;

        Assert.StartsWith("sctp.checksum", Assert.Single(PacketVerifier.Problems(PacketReader.Read(packet))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_udp_checksum_is_absent_with_ipv4_and_wrong_with_ipv6()
    {
        var four = PacketBuilder.From("192.0.2.1", 1).To("192.0.2.2", 2).Udp(zeroChecksum: true).Payload("x").Build();
        var six = PacketBuilder.From("2001:db8::1", 1).To("2001:db8::2", 2).Udp(zeroChecksum: true).Payload("x").Build();

        Assert.True(PacketVerifier.Checksums(PacketReader.Read(four))[1].Absent);
        Assert.Single(PacketVerifier.Problems(PacketReader.Read(six)));
    }

    [Fact]
    public void Differences_are_told_by_field()
    {
        var one = PacketBuilder.From("192.0.2.1", 1).To("192.0.2.2", 2).Tcp(TcpFlags.Syn);
        var two = one.To("192.0.2.3", 2).Hops(63);

        Assert.Equal(
            ["ipv4.ttl: 40 -> 3f", "ipv4.checksum: e498 -> e597", "ipv4.dst: 192.0.2.2 -> 192.0.2.3"],
            PacketDifference.Of(one.Build(), two.Build()).Take(3));
        Assert.Equal(["ipv4.ttl", "ipv4.checksum", "ipv4.dst", "tcp.checksum"], PacketDifference.Names(one.Build(), two.Build()));
        Assert.Empty(PacketDifference.Of(one.Build(), one.Build()));
    }

    [Fact]
    public void Any_bytes_can_be_read()
    {
        var random = new Random(1);
        foreach (var whole in KernelPackets.Select(row => KernelBytes.Bytes(row.Data.Item1)))
        {
            for (var length = 0; length <= whole.Length; length++)
            {
                var packet = whole[..length];
                if (length > 0 && random.Next(2) == 0) packet[random.Next(length)] = (byte)random.Next(256);
                var parsed = PacketReader.Read(packet);
                PacketVerifier.Checksums(parsed);
                Assert.Equal(packet, parsed.Fields.SelectMany(f => f.Of(packet).ToArray()));
            }
        }
    }
}
