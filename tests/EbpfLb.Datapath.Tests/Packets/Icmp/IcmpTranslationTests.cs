using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Icmp;

public sealed class IcmpTranslationTests : IDisposable
{
    // Bytes behind the IP header of the inner packet. At 17 half of TCP's checksum would be there; nobody quotes like that.
    private static readonly int[] Cuts = [8, 9, 11, 12, 16, 18, 19, 20, 21, 64, 500];
    private readonly UnitProgram icmp = new("icmp", "unit_icmp");

    public static TheoryData<ErrorFlowKind, bool> Flows { get; } = Every();

    public void Dispose() => icmp.Dispose();

    [Theory]
    [MemberData(nameof(Flows))]
    public void An_error_about_tcp_is_translated_however_much_it_quotes(ErrorFlowKind kind, bool ipv6)
    {
        var flow = ErrorFlow.Of(kind, ipv6);
        foreach (var cut in Cuts)
            Translated(flow, flow.Inner.Tcp(TcpFlags.Ack, 77, 88).Payload(300), cut);
    }

    [Contract("8", "ICMP: pings are left alone; errors about translated flows are translated back")]
    [Theory]
    [MemberData(nameof(Flows))]
    public void An_error_about_udp_is_translated_however_much_it_quotes(ErrorFlowKind kind, bool ipv6)
    {
        var flow = ErrorFlow.Of(kind, ipv6);
        foreach (var cut in Cuts)
        {
            Translated(flow, flow.Inner.Udp().Payload(300), cut);
            Translated(flow, flow.Inner.Udp(zeroChecksum: true).Payload(300), cut);
        }
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void An_error_about_sctp_that_quotes_no_checksum_is_translated(ErrorFlowKind kind, bool ipv6)
    {
        var flow = ErrorFlow.Of(kind, ipv6);

        Translated(flow, flow.Inner.Sctp().Payload(300), 8);
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void The_checksum_of_sctp_that_an_error_quotes_is_left_alone(ErrorFlowKind kind, bool ipv6)
    {
        var flow = ErrorFlow.Of(kind, ipv6);
        var inner = flow.Inner.Sctp().Payload(300);
        var router = ErrorFlow.Router(ipv6);
        Tell(flow);

        var sent = Error(router, flow.B.Address, inner, 500).Build();
        var (verdict, left) = icmp.Run(sent);

        Assert.Equal(UnitProgram.Changed, verdict);
        var expected = Error(flow.ReporterAfter(router), flow.B2.Address, flow.Turned(inner), 500).Build();
        Assert.Subset(new HashSet<string>(["icmp.checksum", "inner.sctp.checksum"]), PacketDifference.Names(expected, left).ToHashSet());
        var parsed = PacketReader.Read(left);
        Assert.Equal(PacketReader.Read(sent).Number("inner.sctp.checksum"), parsed.Number("inner.sctp.checksum"));
        Assert.DoesNotContain(PacketVerifier.Checksums(parsed), c => c.IsWrong && c.Name != "inner.sctp.checksum");
    }

    [Theory]
    [InlineData(3, 1, 0u)]
    [InlineData(3, 4, 1400u)]
    [InlineData(4, 0, 0u)]
    [InlineData(11, 0, 0u)]
    [InlineData(11, 1, 0u)]
    [InlineData(12, 0, 0x1400_0000u)]
    public void Every_kind_of_icmp_error_is_translated(byte type, byte code, uint rest)
    {
        var flow = ErrorFlow.Of(ErrorFlowKind.SnatReply, ipv6: false);
        Translated(flow, flow.Inner.Udp().Payload(40), 64, error => error with { Transport = new IcmpMessage(type, code, rest) });
    }

    [Theory]
    [InlineData(1, 3, 0u)]
    [InlineData(2, 0, 1280u)]
    [InlineData(3, 0, 0u)]
    [InlineData(4, 1, 6u)]
    public void Every_kind_of_icmpv6_error_is_translated(byte type, byte code, uint rest)
    {
        var flow = ErrorFlow.Of(ErrorFlowKind.SnatReply, ipv6: true);
        Translated(flow, flow.Inner.Udp().Payload(40), 64, error => error with { Transport = new IcmpMessage(type, code, rest) });
    }

    [Fact]
    public void Options_and_extension_headers_inside_and_outside_stay()
    {
        var flow4 = ErrorFlow.Of(ErrorFlowKind.SnatRequest, ipv6: false);
        Translated(flow4, flow4.Inner.Options(1, 1, 1, 1, 1).Tcp(TcpFlags.Syn), 28);
        Translated(flow4, flow4.Inner.Options(new byte[40]).Udp().Payload(100), 60, error => error.Options(1, 1, 1));

        var flow6 = ErrorFlow.Of(ErrorFlowKind.SnatRequest, ipv6: true);
        Translated(flow6, flow6.Inner.With(ExtensionHeader.Destination(2)).Tcp(TcpFlags.Syn), 50);
        Translated(
            flow6, flow6.Inner.With(ExtensionHeader.HopByHop(), ExtensionHeader.Destination(3)).Udp().Payload(100), 100,
            error => error.With(ExtensionHeader.HopByHop()));
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void An_end_that_reports_is_called_what_the_flow_calls_it(ErrorFlowKind kind, bool ipv6)
    {
        var flow = ErrorFlow.Of(kind, ipv6);
        var inner = flow.Inner.Udp().Payload(20);
        Tell(flow);

        icmp.AssertTurns(
            Error(flow.A.Address, flow.B.Address, inner, 500).Build(), UnitProgram.Changed,
            Error(flow.A2.Address, flow.B2.Address, flow.Turned(inner), 500).Build());
    }

    [Fact]
    public void A_udp_checksum_that_becomes_zero_is_written_as_all_ones()
    {
        var flow = ErrorFlow.Of(ErrorFlowKind.SnatReply, ipv6: false);
        var inner = Enumerable.Range(0, 0x10000)
            .Select(i => flow.Inner.Udp().Payload([(byte)(i >> 8), (byte)i]))
            .First(i => PacketReader.Read(flow.Turned(i).Build()).Number("udp.checksum") == 0xffff);

        Translated(flow, inner, 64);
    }

    [Fact]
    public void Padding_of_the_frame_is_not_taken_for_a_checksum()
    {
        var flow = ErrorFlow.Of(ErrorFlowKind.SnatReply, ipv6: false);
        var inner = flow.Inner.Tcp(TcpFlags.Ack);
        var router = ErrorFlow.Router(false);
        byte[] padding = [0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef];
        Tell(flow);

        var (_, left) = icmp.Run([.. Error(router, flow.B.Address, inner, 8).Build(), .. padding]);

        Assert.Equal([.. Error(flow.A2.Address, flow.B2.Address, flow.Turned(inner), 8).Build(), .. padding], left);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_wrong_checksum_stays_as_wrong_as_it_was(bool ipv6)
    {
        var flow = ErrorFlow.Of(ErrorFlowKind.SnatReply, ipv6);
        Tell(flow);
        var sent = Error(ErrorFlow.Router(ipv6), flow.B.Address, flow.Inner.Udp().Payload(8), 64).Wrong(0x1234).Build();

        var (_, left) = icmp.Run(sent);

        Assert.Equal(Errors(sent), Errors(left));
        static IEnumerable<uint> Errors(byte[] packet) => PacketVerifier.Checksums(PacketReader.Read(packet)).Select(c => c.Error);
    }

    private static TheoryData<ErrorFlowKind, bool> Every()
    {
        var data = new TheoryData<ErrorFlowKind, bool>();
        foreach (var kind in Enum.GetValues<ErrorFlowKind>())
        {
            data.Add(kind, false);
            data.Add(kind, true);
        }
        return data;
    }

    /// <summary>An error about the first <paramref name="cut"/> bytes behind the IP header of the inner packet.</summary>
    private static PacketBuilder Error(IPAddress reporter, IPAddress to, PacketBuilder inner, int cut)
    {
        var ipv6 = inner.IsIpv6;
        return PacketBuilder.From(reporter).To(to).Hops(61)
            .IcmpError(ipv6 ? (byte)1 : (byte)3, ipv6 ? (byte)4 : (byte)3, inner, (ipv6 ? 40 : 20) + cut);
    }

    private void Translated(ErrorFlow flow, PacketBuilder inner, int cut, Func<PacketBuilder, PacketBuilder>? outer = null)
    {
        outer ??= error => error;
        var router = ErrorFlow.Router(inner.IsIpv6);
        Tell(flow);

        icmp.AssertTurns(
            outer(Error(router, flow.B.Address, inner, cut)).Build(), UnitProgram.Changed,
            outer(Error(flow.ReporterAfter(router), flow.B2.Address, flow.Turned(inner), cut)).Build());
    }

    private void Tell(ErrorFlow flow)
    {
        using var to = icmp.Bpf.OpenMap<uint, UnitTuple>("unit_to");
        to.Update(0, UnitTuple.Of(flow.A2, flow.B2));
    }
}
