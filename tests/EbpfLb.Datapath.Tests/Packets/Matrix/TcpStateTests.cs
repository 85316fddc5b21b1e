using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>The phases of a connection, in both of its entries; over both ways that a flow can take.</summary>
public class TcpStateTests(PacketFixture fixture) : TalkTest(fixture.Program)
{
    private const TcpFlags SynAck = TcpFlags.Syn | TcpFlags.Ack;
    private const TcpFlags FinAck = TcpFlags.Fin | TcpFlags.Ack;

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_handshake_opens_a_flow(Family family, bool local)
    {
        Begin(family, local);
        Assert.Equal(LbCtPhase.New, Phase());
        Client(TcpFlags.Syn);
        Assert.Equal(LbCtPhase.New, Phase());
        Server(SynAck);
        Assert.Equal(LbCtPhase.Answered, Phase());
        Server(SynAck);
        Assert.Equal(LbCtPhase.Answered, Phase());
        Client(TcpFlags.Ack);
        Assert.Equal(LbCtPhase.Open, Phase());
        Server(TcpFlags.Ack | TcpFlags.Psh);
        Client(TcpFlags.Ack);
        Assert.Equal(LbCtPhase.Open, Phase());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Both_ends_close(Family family, bool local)
    {
        foreach (var clientFirst in new[] { true, false })
        {
            Program.Tables.ClearFlows();
            Open(family, local);
            One(clientFirst, FinAck);
            Assert.Equal(LbCtPhase.Closing, Phase());
            One(clientFirst, FinAck);
            One(!clientFirst, TcpFlags.Ack);
            Assert.Equal(LbCtPhase.Closing, Phase());
            One(!clientFirst, FinAck);
            Assert.Equal(LbCtPhase.Closed, Phase());
            One(clientFirst, TcpFlags.Ack);
            Assert.Equal(LbCtPhase.Closed, Phase());
            Program.Reset();
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_reset_of_either_end_closes(Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        foreach (var open in new[] { true, false })
        {
            Program.Reset();
            if (open) Open(family, local);
            else Begin(family, local);
            One(client, TcpFlags.Rst);
            Assert.Equal(open ? LbCtPhase.Reset : LbCtPhase.Closed, Phase());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_closed_flow_begins_anew_with_a_SYN(Family family, bool local)
    {
        Open(family, local);
        Client(FinAck);
        Server(FinAck);
        Client(TcpFlags.Syn);
        Assert.Equal(LbCtPhase.New, Phase());
        Assert.Equal(2ul, Program.Count(LbReason.PktNew));
    }

    /// <summary>Anybody can write a FIN and a SYN with a client's address and port; the backend answers the SYN as TCP does.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void One_FIN_and_a_SYN_take_no_connection_away(Family family, bool local)
    {
        Open(family, local);
        Client(FinAck);
        Client(TcpFlags.Syn);
        Assert.Equal(LbCtPhase.Closing, Phase());
        Assert.Equal(1ul, Program.Count(LbReason.PktNew));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void An_open_flow_is_not_begun_anew_by_a_SYN(Family family, bool local)
    {
        Open(family, local);
        Client(TcpFlags.Syn);
        Assert.Equal(LbCtPhase.Open, Phase());
        Assert.Equal(1ul, Program.Count(LbReason.PktNew));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_that_was_open_before_us_is_picked_up(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        Became(
            FromClient(family, Segments.Data(L4.Tcp)).To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass,
            In(FromClient(family, Segments.Data(L4.Tcp))));
    }

    [Contract("8", "packets of no flow: no reset reaches a client")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_reset_without_a_flow_is_dropped(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        var reset = FromClient(family, new TcpSegment(TcpFlags.Rst));

        Became(reset, Verdict.Drop, In(reset));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.DropNoFlow, 1));
    }

    [Contract("8", "new flows only: what is established is not cut")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_stays_with_a_backend_that_went(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(L4.Tcp)));

        Program.Replace(service, RemoteBackend(family));

        var data = FromClient(family, Segments.Data(L4.Tcp));
        Became(data.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(data));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Connections_begun_and_ended_are_counted(Family family)
    {
        Open(family, local: true);
        Client(TcpFlags.Rst);
        Client(TcpFlags.Rst);

        var counts = Program.Tables.CountsOf(1);
        Assert.Equal((1ul, 1ul), (counts.Connections, counts.Closed));
    }

    private void Open(Family family, bool local)
    {
        Begin(family, local);
        Server(SynAck);
        Client(TcpFlags.Ack);
        Assert.Equal(LbCtPhase.Open, Phase());
    }

    private void Begin(Family family, bool local) => Begin(L4.Tcp, family, local);

    private void One(bool client, TcpFlags flags) => One(client, new TcpSegment(flags));

    private void Client(TcpFlags flags) => Client(new TcpSegment(flags));

    private void Server(TcpFlags flags) => Server(new TcpSegment(flags));
}
