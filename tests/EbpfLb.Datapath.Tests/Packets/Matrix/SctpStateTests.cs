using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>The phases of an association, in both of its entries; over both ways that a flow can take.</summary>
public class SctpStateTests(PacketFixture fixture) : TalkTest(fixture.Program)
{
    private const byte Data = 0;
    private const byte Init = 1;
    private const byte InitAck = 2;
    private const byte Heartbeat = 4;
    private const byte HeartbeatAck = 5;
    private const byte Abort = 6;
    private const byte Shutdown = 7;
    private const byte ShutdownAck = 8;
    private const byte CookieEcho = 10;
    private const byte CookieAck = 11;
    private const byte ShutdownComplete = 14;

    [Theory]
    [MemberData(nameof(Ways))]
    public void Four_packets_open_an_association(Family family, bool local)
    {
        Begin(L4.Sctp, family, local);
        Assert.Equal(LbCtPhase.New, Phase());
        Client(Init);
        Assert.Equal(LbCtPhase.New, Phase());
        Server(InitAck);
        Assert.Equal(LbCtPhase.Answered, Phase());
        Client(CookieEcho);
        Assert.Equal(LbCtPhase.Open, Phase());
        Server(CookieAck);
        Client(Data);
        Server(Heartbeat);
        Client(HeartbeatAck);
        Assert.Equal(LbCtPhase.Open, Phase());
    }

    /// <summary>
    /// The node's own associations, and those that netfilter masquerades, may have the number of a NodePort; a program can ask neither
    /// socket nor netfilter for SCTP.
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Only_an_INIT_to_an_address_of_the_node_begins_one(Family family)
    {
        Serve(L4.Sctp, family, RemoteBackend(family));
        var later = (byte[])[
            Data, InitAck, 3, Heartbeat, HeartbeatAck, Abort, Shutdown, ShutdownAck, CookieEcho, CookieAck, ShutdownComplete];

        foreach (var chunk in later)
        {
            var reply = FromClient(family, new SctpPacket(chunk, VerificationTag: 0x8765_4321));
            Untouched(reply, In(reply));
        }

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.PktPassed, (ulong)later.Length));
        In(FromClient(family, new SctpPacket(Init)));
        Assert.Equal(2, Program.Tables.Flows().Count);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_shutdown_and_its_answer_end_it(Family family, bool local)
    {
        foreach (var clientFirst in new[] { true, false })
        {
            Program.Reset();
            Open(family, local);
            One(clientFirst, Shutdown);
            Assert.Equal(LbCtPhase.Closing, Phase());
            One(!clientFirst, Data);
            Assert.Equal(LbCtPhase.Closing, Phase());
            One(!clientFirst, ShutdownAck);
            Assert.Equal(LbCtPhase.Closed, Phase());
            One(clientFirst, ShutdownComplete);
            Assert.Equal((LbCtPhase.Closed, (1ul, 1ul)), (Phase(), Connections()));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_end_of_a_shutdown_that_began_unseen_is_one_too(Family family, bool local)
    {
        Open(family, local);
        Server(ShutdownAck);
        Client(ShutdownComplete);
        Assert.Equal(LbCtPhase.Closed, Phase());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void An_abort_before_it_is_open_ends_it(Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        {
            Program.Reset();
            Begin(L4.Sctp, family, local);
            One(client, Abort);
            Assert.Equal(LbCtPhase.Closed, Phase());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void After_its_end_an_INIT_of_the_same_port_chooses_anew(Family family, bool local)
    {
        var service = Open(family, local);
        Client(Shutdown);
        Server(ShutdownAck);
        Client(ShutdownComplete);
        Program.Replace(service, local ? RemoteBackend(family) : LocalBackend(family));

        var result = In(FromClient(family, new SctpPacket(Chunk: Init)));

        Assert.Equal(local ? Verdict.Redirect : Verdict.Pass, result.Verdict);
        Assert.Equal((LbCtPhase.New, 2ul), (Phase(), Program.Count(LbReason.PktNew)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_abort_without_a_flow_is_dropped(Family family)
    {
        Serve(L4.Sctp, family, LocalBackend(family));
        var abort = ToVip(family, Abort);

        Became(abort, Verdict.Drop, In(abort));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.DropNoFlow, 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void At_an_address_that_is_no_nodes_one_that_was_there_before_us_is_picked_up(Family family)
    {
        foreach (var chunk in new byte[] { Data, Heartbeat, 3, 15, 0x80, 0xc0, 0xff })
        {
            Program.Reset();
            Serve(L4.Sctp, family, LocalBackend(family));
            var sent = ToVip(family, chunk);
            Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(sent));
            Assert.Equal(LbCtPhase.New, Phase());
        }
    }

    private ServedService Open(Family family, bool local)
    {
        var service = Begin(L4.Sctp, family, local);
        Server(InitAck);
        Client(CookieEcho);
        Server(CookieAck);
        Assert.Equal(LbCtPhase.Open, Phase());
        return service;
    }

    private void One(bool client, byte chunk) => One(client, new SctpPacket(Chunk: chunk));

    private void Client(byte chunk) => Client(new SctpPacket(Chunk: chunk));

    private static PacketBuilder ToVip(Family family, byte chunk) =>
        FromClient(family, new SctpPacket(chunk, VerificationTag: 0x8765_4321)).To(Ends.Of(family).Vip, ServicePort);

    private void Server(byte chunk) => Server(new SctpPacket(Chunk: chunk));
}
