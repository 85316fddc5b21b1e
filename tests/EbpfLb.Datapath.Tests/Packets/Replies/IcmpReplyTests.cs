using System.Buffers.Binary;
using EbpfLb.Testing.Packets;
using static EbpfLb.Datapath.Tests.Packets.Replies.ReplyAnswers;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

public sealed class IcmpReplyTests : IDisposable
{
    private const uint Unreachable = 1;
    private const uint TooBig = 2;
    private const uint TimeExceeded = 3;
    private readonly UnitProgram reply = new("reply", "unit_reply");

    public void Dispose() => reply.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(519)]
    [InlineData(520)]
    [InlineData(521)]
    [InlineData(1183)]
    [InlineData(1184)]
    [InlineData(1185)]
    [InlineData(1472)]
    [InlineData(3001)]
    public void A_datagram_is_answered_with_port_unreachable_and_as_much_of_it_as_fits(int payload)
    {
        Answered(Request(false).Udp().Payload(payload));
        Answered(Request(true).Udp().Payload(payload));
        Answered(Request(false).Sctp().Payload(payload));
        Answered(Request(true).Sctp().Payload(payload));
        Answered(Request(false).Udp(zeroChecksum: true).Payload(payload));
    }

    [Theory]
    [InlineData(false, 3, 3)]
    [InlineData(true, 1, 4)]
    public void A_tcp_segment_can_be_answered_with_port_unreachable(bool ipv6, byte type, byte code)
    {
        using var unreachable = Program(Unreachable);
        var syn = Request(ipv6).Tcp(TcpFlags.Syn);

        unreachable.AssertTurns(syn.Build(), UnitProgram.Sent, Error(syn, type, code));
    }

    [Theory]
    [InlineData(false, 3, 4)]
    [InlineData(true, 2, 0)]
    public void What_is_too_big_is_told_the_mtu(bool ipv6, byte type, byte code)
    {
        using var tooBig = Program(TooBig);
        var segment = Request(ipv6).Tcp(TcpFlags.Ack, 5, 6, options: new byte[12]).Payload(1448);

        tooBig.AssertTurns(segment.Build(), UnitProgram.Sent, Error(segment, type, code, rest: 1400));
    }

    [Theory]
    [InlineData(false, 11)]
    [InlineData(true, 3)]
    public void What_has_no_hops_left_is_told_so(bool ipv6, byte type)
    {
        using var timeExceeded = Program(TimeExceeded);
        var datagram = Request(ipv6).Hops(1).Udp().Payload(30);

        timeExceeded.AssertTurns(datagram.Build(), UnitProgram.Sent, Error(datagram, type, 0));
    }

    [Fact]
    public void Options_and_extension_headers_are_quoted()
    {
        Answered(Request(false).Options(1, 1, 1, 1, 1).Udp().Payload(100));
        Answered(Request(false).Options(new byte[40]).Udp());
        Answered(Request(true).With(ExtensionHeader.HopByHop()).Udp().Payload(100));
        Answered(Request(true).With(ExtensionHeader.HopByHop(2), ExtensionHeader.Destination(6)).Udp());
    }

    [Fact]
    public void A_datagram_with_more_headers_than_can_be_moved_is_dropped() =>
        Unanswered(Request(true).With(ExtensionHeader.Destination(20)).Udp());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_priority_tag_is_given_up(bool ipv6) => Answered(Request(ipv6).Vlan(0, priority: 3).Udp().Payload(200));

    [Fact]
    public void Padding_of_the_frame_is_not_quoted()
    {
        var datagram = Request(false).Udp().Payload(1);

        reply.AssertTurns([.. datagram.Build(), .. new byte[17]], UnitProgram.Sent, PortUnreachable(datagram));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Only_the_first_fragment_is_answered(bool ipv6)
    {
        var fragments = Request(ipv6).Udp().Payload(1000).Fragments(512);

        var (verdict, answer) = reply.Run(fragments[0]);

        Assert.Equal(UnitProgram.Sent, verdict);
        var parsed = PacketReader.Read(answer);
        Assert.Empty(PacketVerifier.Problems(parsed));
        Assert.Equal(fragments[0][14..][..(ipv6 ? 560 : 532)], answer[(ipv6 ? 62 : 42)..]);
        Assert.Equal(UnitProgram.Dropped, reply.Run(fragments[1]).Verdict);
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    public void An_error_is_not_answered(bool ipv6, byte type) =>
        Unanswered(Request(ipv6).IcmpError(type, 0, Request(ipv6).Reversed().Udp()));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("ff02::1")]
    public void A_source_that_is_nobody_s_own_is_not_answered(string source)
    {
        var ipv6 = source.Contains(':', StringComparison.Ordinal);

        Unanswered(PacketBuilder.From(source, 40000).To(ipv6 ? "fd00:10:96::10" : "10.96.0.10", 80).Udp());
        Unanswered(PacketBuilder.From(source, 40000).To(ipv6 ? "fd00:10:96::10" : "10.96.0.10", 80).Tcp(TcpFlags.Syn));
    }

    [Theory]
    [InlineData("192.0.2.9", "224.0.0.1")]
    [InlineData("192.0.2.9", "255.255.255.255")]
    [InlineData("2001:db8::9", "ff02::1")]
    public void What_went_to_a_group_is_not_answered(string source, string destination) =>
        Unanswered(PacketBuilder.From(source, 40000).To(destination, 80).Udp());

    [Fact]
    public void What_went_to_a_group_of_the_link_is_not_answered()
    {
        var frame = Request(false).Udp().Build();
        BinaryPrimitives.WriteUInt16BigEndian(frame, 0xffff);

        Assert.Equal(UnitProgram.Dropped, reply.Run(frame).Verdict);
    }

    private static UnitProgram Program(uint answer) => new("reply", "unit_reply", knobs => knobs.Set("cfg_answer", answer));

    private void Answered(PacketBuilder request) =>
        reply.AssertTurns(request.Build(), UnitProgram.Sent, PortUnreachable(request));

    private void Unanswered(PacketBuilder request) => Assert.Equal(UnitProgram.Dropped, reply.Run(request.Build()).Verdict);
}
