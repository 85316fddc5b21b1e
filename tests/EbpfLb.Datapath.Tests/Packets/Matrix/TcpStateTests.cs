using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>The phases of a connection, in both of its entries; over both ways that a flow can take.</summary>
public sealed class TcpStateTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const TcpFlags SynAck = TcpFlags.Syn | TcpFlags.Ack;
    private const TcpFlags FinAck = TcpFlags.Fin | TcpFlags.Ack;
    private int snatPort;

    public static TheoryData<Family, bool> Ways => new(
        from family in Enum.GetValues<Family>() from local in new[] { true, false } select new TheoryDataRow<Family, bool>(family, local));

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
            Assert.Equal(LbCtPhase.Closed, Phase());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_closed_flow_begins_anew_with_a_SYN(Family family, bool local)
    {
        foreach (var last in new[] { TcpFlags.Rst, FinAck })
        {
            Program.Reset();
            Open(family, local);
            Client(last);
            Client(TcpFlags.Syn);
            Assert.Equal(LbCtPhase.New, Phase());
            Assert.Equal(2ul, Program.Count(LbReason.PktNew));
        }
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

        var values = new LbSvcStat[Program.Tables.SvcStats.CpuCount];
        Program.Tables.SvcStats.TryLookup(1, values);
        Assert.Equal((1ul, 1ul), (values.Aggregate(0ul, (n, v) => n + v.Connections), values.Aggregate(0ul, (n, v) => n + v.Closed)));
    }

    private void Open(Family family, bool local)
    {
        Begin(family, local);
        Server(SynAck);
        Client(TcpFlags.Ack);
        Assert.Equal(LbCtPhase.Open, Phase());
    }

    private (Family Family, bool Local) way;

    private void Begin(Family family, bool local)
    {
        way = (family, local);
        Serve(L4.Tcp, family, local ? LocalBackend(family) : RemoteBackend(family));
        Client(TcpFlags.Syn);
    }

    private void One(bool client, TcpFlags flags)
    {
        if (client) Client(flags);
        else Server(flags);
    }

    private void Client(TcpFlags flags)
    {
        var at = Ends.Of(way.Family);
        var sent = FromClient(way.Family, new TcpSegment(flags)).Payload(0);
        var result = In(sent);
        if (way.Local)
        {
            Became(sent.To(at.LocalPod, BackendPort), Verdict.Pass, result);
            return;
        }
        snatPort = SnatPort(result);
        Became(Snatted(sent, snatPort), Verdict.Redirect, result);
    }

    private void Server(TcpFlags flags)
    {
        var at = Ends.Of(way.Family);
        var answer = PacketBuilder.From(way.Local ? at.LocalPod : at.RemotePod, BackendPort).Tcp(flags);
        if (way.Local)
        {
            answer = answer.To(at.Client, ClientPort);
            Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
            return;
        }
        answer = answer.To(at.LanAddress, snatPort);
        Became(answer.WithSource(at.Node, NodePort).To(at.Client, ClientPort).Forwarded(), Verdict.Redirect, In(answer, PacketLab.Lan));
    }
}
