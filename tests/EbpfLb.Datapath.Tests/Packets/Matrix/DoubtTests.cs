using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Ends that may be none: resets that somebody forged, connections of which one side is not heard any more, backends that went.
/// </summary>
public class DoubtTests(PacketFixture fixture) : TalkTest(fixture.Program)
{
    private static readonly TcpSegment Reset = new(TcpFlags.Rst);
    private static readonly TcpSegment Ack = new(TcpFlags.Ack);

    public static TheoryData<L4, Family, bool> ConnectionWays => new(
        from protocol in new[] { L4.Tcp, L4.Sctp } from family in Enum.GetValues<Family>() from local in new[] { true, false }
        select new TheoryDataRow<L4, Family, bool>(protocol, family, local));

    [Theory]
    [MemberData(nameof(ConnectionWays))]
    public void An_open_flow_that_goes_on_after_a_reset_stays_open(L4 protocol, Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        {
            Program.Reset();
            Open(protocol, family, local);

            One(client, ResetOf(protocol));
            Assert.Equal((LbCtPhase.Reset, (1ul, 1ul)), (Phase(), Connections()));
            Age(100);
            One(client, Segments.Data(protocol));

            Assert.Equal((LbCtPhase.Open, (1ul, 0ul)), (Phase(), Connections()));
            Assert.Equal(1ul, Program.Count(LbReason.PktNew));
            One(client, ResetOf(protocol));
            Assert.Equal((LbCtPhase.Reset, (1ul, 1ul)), (Phase(), Connections()));
        }
    }

    [Theory]
    [MemberData(nameof(ConnectionWays))]
    public void What_the_other_side_had_under_way_does_not_undo_a_reset(L4 protocol, Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        {
            Program.Reset();
            Open(protocol, family, local);
            One(client, ResetOf(protocol));

            One(!client, Segments.Data(protocol));

            Assert.Equal((LbCtPhase.Reset, (1ul, 1ul)), (Phase(), Connections()));
        }
    }

    [Theory]
    [MemberData(nameof(ConnectionWays))]
    public void After_a_reset_the_ports_serve_for_a_new_connection(L4 protocol, Family family, bool local)
    {
        Open(protocol, family, local);
        Client(ResetOf(protocol));

        Client(Segments.Opening(protocol));
        Server(Segments.Answer(protocol));
        Assert.Equal(LbCtPhase.Reset, Phase());
        Client(Segments.Data(protocol));

        Assert.Equal(LbCtPhase.Open, Phase());
    }

    [Theory]
    [MemberData(nameof(ConnectionWays))]
    public void A_connection_begins_anew_where_its_backend_is_gone(L4 protocol, Family family, bool local)
    {
        foreach (var phase in new[] { LbCtPhase.New, LbCtPhase.Answered, LbCtPhase.Open, LbCtPhase.Reset })
        {
            Program.Reset();
            var service = Begin(protocol, family, local);
            if (phase > LbCtPhase.New) Server(Segments.Answer(protocol));
            if (phase > LbCtPhase.Answered) Client(Segments.Data(protocol));
            if (phase == LbCtPhase.Reset) Server(ResetOf(protocol));
            Assert.Equal(phase, Phase());
            Age(OnlyFlow().Reply, 4);
            Program.Replace(service, local ? RemoteBackend(family) : LocalBackend(family));

            var result = In(FromClient(family, Segments.Opening(protocol)));

            Assert.Equal(local ? Verdict.Redirect : Verdict.Pass, result.Verdict);
            Assert.Equal(2ul, Program.Count(LbReason.PktNew));
            Assert.Equal(LbCtPhase.New, Phase());
        }
    }

    [Theory]
    [MemberData(nameof(ConnectionWays))]
    public void A_backend_that_went_and_still_talks_keeps_its_connection_whoever_sends_a_SYN(L4 protocol, Family family, bool local)
    {
        var service = Open(protocol, family, local);
        Program.Replace(service, local ? RemoteBackend(family) : LocalBackend(family));
        Server(Segments.Data(protocol));

        Client(Segments.Opening(protocol));

        Assert.Equal((LbCtPhase.Open, 1ul), (Phase(), Program.Count(LbReason.PktNew)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_side_that_sends_without_being_heard_is_marked_until_it_is(Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        {
            Program.Reset();
            Open(L4.Tcp, family, local);
            Age(3);
            One(client, Ack);
            Assert.False(Unacknowledged());
            Age(3);

            Data(client);
            Assert.True(Unacknowledged());
            One(!client, Ack);
            Assert.False(Unacknowledged());

            Age(100);
            Data(client);
            Assert.True(Unacknowledged());
            // What it sends itself does not speak for the other.
            Age(1);
            Data(client);
            Assert.True(Unacknowledged());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_nobody_need_answer_is_not_waited_for(Family family, bool local)
    {
        foreach (var client in new[] { true, false })
        {
            Program.Reset();
            Open(L4.Tcp, family, local);
            Age(10);

            One(client, Ack);

            Assert.False(Unacknowledged());
        }
    }

    private ServedService Open(L4 protocol, Family family, bool local)
    {
        var service = Begin(protocol, family, local);
        Server(Segments.Answer(protocol));
        Client(Segments.Data(protocol));
        Assert.Equal(LbCtPhase.Open, Phase());
        return service;
    }

    private void Data(bool client)
    {
        if (client) Client(Ack, payload: 100);
        else Server(Ack, payload: 100);
    }

    private bool Unacknowledged()
    {
        var (request, reply) = OnlyFlow();
        return (request.Flags | reply.Flags).HasFlag(LbCtFlag.Unacked);
    }

    private static Transport ResetOf(L4 protocol) => protocol == L4.Tcp ? Reset : new SctpPacket(Chunk: 6, VerificationTag: 0x8765_4321);
}
