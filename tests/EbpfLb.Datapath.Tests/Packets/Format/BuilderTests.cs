using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Format;

public sealed class BuilderTests
{
    private static readonly PacketBuilder Hello4 =
        PacketBuilder.From("192.0.2.1", 40000).To("192.0.2.2", 53).Udp().Payload("hello") with { Id = 0x5176, DontFragment = true };

    private static readonly PacketBuilder Hello6 =
        PacketBuilder.From("2001:db8::1", 40000).To("2001:db8::2", 53).Udp().Payload("hello") with { FlowLabel = 0x6479c };

    [Fact]
    public void A_datagram_is_what_the_kernel_sends()
    {
        Same(KernelBytes.Udp4, Hello4.Build());
        Same(KernelBytes.Udp6, Hello6.Build());
    }

    [Fact]
    public void A_syn_with_options_is_what_the_kernel_sends()
    {
        var syn4 = PacketBuilder.From("192.0.2.1", 40001).To("192.0.2.2", 80).Tcp(
            TcpFlags.Syn, 0x793c5d86, options: Convert.FromHexString("020405b40402080a251b1121000000000103030a"));
        var syn6 = PacketBuilder.From("2001:db8::1", 40001).To("2001:db8::2", 80).Over(new TcpSegment(TcpFlags.Syn, 0x8d1e9b29)
        {
            Window = 64800,
            Options = Convert.FromHexString("020405a00402080adb692177000000000103030a"),
        });

        Same(KernelBytes.TcpSyn4, (syn4 with { Id = 0x8fe7, DontFragment = true }).Build());
        Same(KernelBytes.TcpSyn6, (syn6 with { FlowLabel = 0x7bb45 }).Build());
    }

    [Fact]
    public void An_icmp_error_about_a_packet_is_what_the_kernel_sends()
    {
        var error4 = PacketBuilder.From("192.0.2.2").To("192.0.2.1").IcmpError(3, 3, Hello4) with { Id = 0xc56f, TrafficClass = 0xc0 };
        var error6 = PacketBuilder.From("2001:db8::2").To("2001:db8::1").IcmpError(1, 4, Hello6) with { FlowLabel = 0xa62c1 };

        Same(KernelBytes.PortUnreachable4, error4.Ethernet(LinkHeader.Default.Reversed).Build());
        Same(KernelBytes.PortUnreachable6, error6.Ethernet(LinkHeader.Default.Reversed).Build());
    }

    [Fact]
    public void Fragments_put_together_are_the_datagram()
    {
        foreach (var whole in new[] { Hello4.Payload(100), Hello6.Payload(100), Hello6.Payload(100).With(ExtensionHeader.HopByHop()) })
        {
            var pieces = whole.Fragments(48);
            var parsed = pieces.Select(p => PacketReader.Read(p)).ToArray();

            Assert.Equal([0, 48, 96], parsed.Select(p => p.Ip.FragmentOffset));
            Assert.Equal([true, true, false], parsed.Select(p => p.Ip.MoreFragments));
            Assert.All(parsed, p => Assert.Equal(p.Bytes.Length, p.Ip.End));
            byte[] together = [.. parsed.SelectMany(p => p.Bytes[p.Ip.Transport..])];
            Assert.EndsWith(Convert.ToHexString(together), Convert.ToHexString(whole.Build()), StringComparison.Ordinal);
            Assert.Empty(parsed.SelectMany(PacketVerifier.Problems));
        }
    }

    [Fact]
    public void Extension_headers_name_each_other()
    {
        var packet = Hello6.With(
            ExtensionHeader.HopByHop(), ExtensionHeader.Routing(), ExtensionHeader.Destination(2), ExtensionHeader.Fragment(7));

        var parsed = PacketReader.Read(packet.Build());

        Assert.Equal(
            ["ipv6.ext0", "ipv6.ext43", "ipv6.ext60", "ipv6.ext44"],
            parsed.Fields.Select(f => f.Name).Where(n => n.StartsWith("ipv6.ext", StringComparison.Ordinal)));
        Assert.Equal((IpProtocol.Udp, 53), (parsed.Ip.Protocol, parsed.Ip.Destination.Port));
        Assert.Empty(PacketVerifier.Problems(parsed));
    }

    [Fact]
    public void A_tag_stands_between_addresses_and_type()
    {
        var packet = Hello4.Vlan(5, priority: 3).Build();

        Assert.Equal("810060050800", Convert.ToHexStringLower(packet.AsSpan(12, 6)));
        Same(KernelBytes.Udp4, [.. packet[..12], .. packet[16..]]);
    }

    [Fact]
    public void Without_a_link_header_the_packet_begins_with_ip() => Same(KernelBytes.Udp4[28..], Hello4.NoEthernet().Build());

    private static void Same(string expected, byte[] actual) => Assert.Equal(expected, Convert.ToHexStringLower(actual));
}
