using EbpfLb.Testing.Packets;
using static EbpfLb.Datapath.Tests.Packets.Replies.ReplyAnswers;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

public sealed class ResetTests : IDisposable
{
    private readonly UnitProgram reply = new("reply", "unit_reply");

    public void Dispose() => reply.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_syn_is_answered_with_a_reset_that_acknowledges_it(bool ipv6)
    {
        var syn = Request(ipv6).Tcp(TcpFlags.Syn, sequence: 0xffff_ffff, options: [2, 4, 5, 0xb4]);

        Answered(syn, TcpFlags.Rst | TcpFlags.Ack, 0, 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_segment_with_an_acknowledgment_is_answered_with_a_reset_at_that_number(bool ipv6)
    {
        var segment = Request(ipv6).Tcp(TcpFlags.Ack | TcpFlags.Psh, sequence: 7, acknowledgment: 0x8765_4321).Payload(1001);

        Answered(segment, TcpFlags.Rst, 0x8765_4321, 0);
    }

    [Theory]
    [InlineData(TcpFlags.Syn, 0, 1001u)]
    [InlineData(TcpFlags.Syn, 100, 1101u)]
    [InlineData(TcpFlags.Fin, 5, 1006u)]
    [InlineData(TcpFlags.Syn | TcpFlags.Fin, 5, 1007u)]
    [InlineData(TcpFlags.None, 0, 1000u)]
    public void What_is_acknowledged_counts_payload_syn_and_fin(TcpFlags flags, int payload, uint acknowledged)
    {
        foreach (var ipv6 in (bool[])[false, true])
            Answered(Request(ipv6).Tcp(flags).Payload(payload), TcpFlags.Rst | TcpFlags.Ack, 0, acknowledged);
    }

    [Fact]
    public void Padding_of_the_frame_is_no_payload()
    {
        var syn = Request(false).Tcp(TcpFlags.Syn);

        reply.AssertTurns([.. syn.Build(), .. new byte[6]], UnitProgram.Sent, Reset(syn, TcpFlags.Rst | TcpFlags.Ack, 0, 1001));
    }

    [Fact]
    public void Options_of_the_ip_header_are_not_answered_in_kind()
    {
        var syn = Request(false).Tcp(TcpFlags.Syn);

        Answered(syn.Options(1, 1, 1, 1, 1), TcpFlags.Rst | TcpFlags.Ack, 0, 1001);
        Answered(syn.Options(new byte[40]), TcpFlags.Rst | TcpFlags.Ack, 0, 1001);
    }

    [Fact]
    public void Extension_headers_are_not_answered_in_kind()
    {
        var syn = Request(true).Tcp(TcpFlags.Syn);

        Answered(syn.With(ExtensionHeader.HopByHop()), TcpFlags.Rst | TcpFlags.Ack, 0, 1001);
        Answered(
            syn.With(ExtensionHeader.HopByHop(2), ExtensionHeader.Routing(), ExtensionHeader.Destination(20)),
            TcpFlags.Rst | TcpFlags.Ack, 0, 1001);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_priority_tag_is_given_up(bool ipv6) =>
        Answered(Request(ipv6).Vlan(0, priority: 5).Tcp(TcpFlags.Syn), TcpFlags.Rst | TcpFlags.Ack, 0, 1001);

    [Theory]
    [InlineData(TcpFlags.Rst)]
    [InlineData(TcpFlags.Rst | TcpFlags.Ack)]
    public void A_reset_is_never_answered(TcpFlags flags)
    {
        foreach (var ipv6 in (bool[])[false, true])
            Assert.Equal(UnitProgram.Dropped, reply.Run(Request(ipv6).Tcp(flags).Build()).Verdict);
    }

    private void Answered(PacketBuilder request, TcpFlags flags, uint sequence, uint acknowledgment) =>
        reply.AssertTurns(request.Build(), UnitProgram.Sent, Reset(request, flags, sequence, acknowledgment));
}
