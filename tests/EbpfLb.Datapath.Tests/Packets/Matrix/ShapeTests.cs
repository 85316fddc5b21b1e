using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Packets that are built unusually, in flows towards another node: everything about them is rewritten.</summary>
public class ShapeTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int LinkHeaderLength = 14;

    public static TheoryData<L4, string> Options => new(
        from protocol in Protocols
        from options in new[] { "01010100", "94040000", "07270800" + new string('0', 72) }
        select new TheoryDataRow<L4, string>(protocol, options));

    public static TheoryData<L4, int> Chains => new(
        from protocol in Protocols from chain in Enumerable.Range(0, 8) select new TheoryDataRow<L4, int>(protocol, chain));

    [Theory]
    [MemberData(nameof(Options))]
    public void IPv4_options_stay(L4 protocol, string options)
    {
        Serve(protocol, Family.IPv4, RemoteBackend(Family.IPv4));
        var sent = FromClient(Family.IPv4, Segments.Opening(protocol)).Options(Convert.FromHexString(options));

        var result = In(sent);

        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
    }

    [Theory]
    [MemberData(nameof(Chains))]
    public void IPv6_extension_headers_stay(L4 protocol, int chain)
    {
        ExtensionHeader[][] chains =
        [
            [ExtensionHeader.HopByHop()],
            [ExtensionHeader.Destination()],
            [ExtensionHeader.Routing()],
            [ExtensionHeader.Fragment(7)],
            [ExtensionHeader.HopByHop(3), ExtensionHeader.Destination(2)],
            [ExtensionHeader.HopByHop(), ExtensionHeader.Routing(), ExtensionHeader.Fragment(9), ExtensionHeader.Destination()],
            [ExtensionHeader.Destination(16), ExtensionHeader.Destination(32)],
            [.. Enumerable.Repeat(ExtensionHeader.Destination(), 6)],
        ];
        Serve(protocol, Family.IPv6, RemoteBackend(Family.IPv6));
        var sent = FromClient(Family.IPv6, Segments.Opening(protocol)).With(chains[chain]);

        var result = In(sent);

        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
    }

    [Theory]
    [InlineData(L4.Tcp)]
    [InlineData(L4.Udp)]
    [InlineData(L4.Sctp)]
    public void A_routing_header_with_segments_left_is_left_alone(L4 protocol)
    {
        Serve(protocol, Family.IPv6, RemoteBackend(Family.IPv6));
        var sent = FromClient(Family.IPv6, Segments.Opening(protocol)).With(ExtensionHeader.Routing(segmentsLeft: 1));

        Untouched(sent, In(sent));
    }

    [Theory]
    [InlineData(L4.Tcp)]
    [InlineData(L4.Udp)]
    [InlineData(L4.Sctp)]
    public void A_chain_without_an_end_is_left_alone(L4 protocol)
    {
        Serve(protocol, Family.IPv6, RemoteBackend(Family.IPv6));
        var sent = FromClient(Family.IPv6, Segments.Opening(protocol)).With([.. Enumerable.Repeat(ExtensionHeader.Destination(), 60)]);

        Untouched(sent, In(sent));
    }

    [Theory]
    [InlineData(L4.Tcp)]
    [InlineData(L4.Udp)]
    [InlineData(L4.Sctp)]
    public void Ports_behind_a_long_chain_are_not_looked_for_in_the_chain(L4 protocol)
    {
        Serve(protocol, Family.IPv6, RemoteBackend(Family.IPv6));
        // 256 bytes, the second two of which look like the port; four of them lead further than headers are followed.
        var bait = new ExtensionHeader(IpProtocol.DestinationOptions, [31, NodePort >> 8, NodePort & 0xff, .. new byte[252]]);
        var sent = FromClient(Family.IPv6, Segments.Opening(protocol)).With([.. Enumerable.Repeat(bait, 4)]);

        Untouched(sent, In(sent));

        Assert.Empty(Program.Tables.Flows());
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_priority_tag_is_no_VLAN(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol)).Vlan(0, priority: 5);

        Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_tagged_packet_is_left_to_the_device_of_its_VLAN(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var opening = FromClient(family, Segments.Opening(protocol));

        foreach (var sent in new[] { opening.Vlan(5), opening.Vlan(4095, priority: 7), opening.Vlan(100, protocol: 0x88a8) })
            Untouched(sent, In(sent));

        Counted((LbReason.PktVlan, 3));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_without_a_checksum_gets_none(Family family)
    {
        Serve(L4.Udp, family, RemoteBackend(family));
        var sent = FromClient(family, new UdpDatagram(ZeroChecksum: true));

        var result = In(sent);

        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_whose_checksum_becomes_zero_says_so_by_ones(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Udp, family, LocalBackend(family));
        // One payload word in 65536 makes it so.
        var zero = Enumerable.Range(0, 65536)
            .Select(i => FromClient(family, new UdpDatagram()).Payload([(byte)(i >> 8), (byte)i]))
            .First(p => PacketReader.Read(p.To(at.LocalPod, BackendPort).Build()).Number("udp.checksum") == 0xffff);

        Became(zero.To(at.LocalPod, BackendPort), Verdict.Pass, In(zero));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Every_length_of_payload_is_translated(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        for (var length = 0; length <= 70; length++)
        {
            var sent = FromClient(family, Segments.Data(protocol)).Payload(length);
            Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(sent));
        }
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Bytes_behind_the_end_of_the_packet_stay(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol)).Payload(3);

        var result = In([.. sent.Build(), 1, 2, 3, 4, 5, 6, 7, 8, 9]);

        Became([.. Snatted(sent, SnatPort(result)).Build(), 1, 2, 3, 4, 5, 6, 7, 8, 9], Verdict.Redirect, result);
    }

    /// <summary>Cut anywhere, in each direction: the bytes that are left go on as they came.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_that_was_cut_short_is_left_alone(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        var port = SnatPort(In(FromClient(family, Segments.Opening(protocol))));
        var whole = FromClient(family, Segments.Data(protocol)).Payload(20);
        var at = Ends.Of(family);
        var reply = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Over(Segments.Data(protocol)).Payload(20);

        foreach (var (packet, device) in new[] { (whole.Build(), PacketLab.Wan), (reply.Build(), PacketLab.Lan) })
        for (var length = LinkHeaderLength + (int)family * 10 - 20; length < packet.Length; length++)
        {
            var cut = packet[..length];
            Became(cut, Verdict.Pass, Program.Ingress(cut, device));
        }
    }

    /// <summary>The header says less than there is, down to nothing: no byte behind it is touched.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_that_says_it_is_shorter_is_translated_whole_or_not_at_all(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var whole = FromClient(family, Segments.Data(protocol)).Payload(20).Build();
        In(whole);
        for (var length = 0; length < whole.Length - LinkHeaderLength; length++)
        {
            var packet = Shorter(whole, family, length);
            var result = Program.Ingress(packet);
            var changed = PacketDifference.Names(packet, result.Packet);
            Assert.True(
                changed.Count == 0 || (changed.Any(n => n.EndsWith(".dst", StringComparison.Ordinal)) && changed.Any(n
                    => n.EndsWith(".dport", StringComparison.Ordinal))),
                $"length {length}: {string.Join(", ", changed)}");
            Same(packet, result.Packet);
        }
    }

    // What is wrong with it by its own words stays as wrong.
    private static void Same(byte[] before, byte[] after) => Assert.Equal(
        PacketVerifier.Checksums(PacketReader.Read(before)).Select(c => (c.Name, c.Error)),
        PacketVerifier.Checksums(PacketReader.Read(after)).Select(c => (c.Name, c.Error)));

    private static byte[] Shorter(byte[] whole, Family family, int length)
    {
        var packet = whole.ToArray();
        if (family == Family.IPv6)
        {
            length = Math.Max(0, length - 40);
            (packet[18], packet[19]) = ((byte)(length >> 8), (byte)length);
            return packet;
        }
        (packet[16], packet[17]) = ((byte)(length >> 8), (byte)length);
        (packet[24], packet[25]) = (0, 0);
        var checksum = InternetChecksum.Finish(InternetChecksum.Sum(packet.AsSpan(14, 20)));
        (packet[24], packet[25]) = ((byte)(checksum >> 8), (byte)checksum);
        return packet;
    }
}
