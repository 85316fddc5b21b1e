using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// UDP has no handshake: when a flow counts as a conversation, which does not give way to new ones, and how many of those there are.
/// </summary>
public class ConversationTests(PacketFixture fixture) : TalkTest(fixture.Program)
{
    /// <summary>Both directions are heard only later, so that no time passes until then.</summary>
    private const uint Ahead = unchecked((uint)-1000);

    private static readonly UdpDatagram Datagram = new();

    [Theory]
    [MemberData(nameof(Ways))]
    public void Who_asks_again_at_once_has_no_conversation_however_often(Family family, bool local)
    {
        Begin(L4.Udp, family, local);
        Age(ticks: Ahead);
        for (var i = 0; i < 5; i++)
        {
            Server(Datagram);
            Client(Datagram);
        }

        Assert.Equal(LbCtPhase.Answered, Phase());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Who_asks_again_later_than_two_seconds_after_the_first_question_has_one(Family family, bool local)
    {
        Begin(L4.Udp, family, local);
        var began = OnlyFlow().Request.State.Tick;
        Server(Datagram);
        Age(1);
        Client(Datagram);
        // However slow this machine is.
        var ticks = OnlyFlow().Request.State.Tick + 1 - began;
        Assert.Equal(ticks > 2 ? LbCtPhase.Open : LbCtPhase.Answered, Phase());
        Age(2);
        Client(Datagram);

        Assert.Equal(LbCtPhase.Open, Phase());
        // The bits are TCP's again.
        Assert.False(OnlyFlow().Request.Flags.HasFlag(LbCtFlag.Rst));
        Assert.False(OnlyFlow().Request.Flags.HasFlag(LbCtFlag.Unacked));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Answers_alone_make_no_conversation_and_do_not_set_the_time_back(Family family, bool local)
    {
        Begin(L4.Udp, family, local);
        for (var i = 0; i < 5; i++)
        {
            Age(1);
            Server(Datagram);
        }
        Assert.Equal(LbCtPhase.Answered, Phase());
        Age(1);

        Client(Datagram);

        Assert.Equal(LbCtPhase.Open, Phase());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Questions_without_an_answer_make_none(Family family, bool local)
    {
        Begin(L4.Udp, family, local);
        for (var i = 0; i < 5; i++)
        {
            Age(2);
            Client(Datagram);
        }
        Assert.Equal(LbCtPhase.New, Phase());
        Server(Datagram);

        Assert.Equal(LbCtPhase.Answered, Phase());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Beyond_the_share_of_UDP_a_conversation_goes_on_and_may_give_way(Family family, bool local)
    {
        var limit = family == Family.IPv4 ? LbUdpPlace.Limit4 : LbUdpPlace.Limit6;
        var opened = family == Family.IPv4 ? LbUdpPlace.Opened4 : LbUdpPlace.Opened6;
        Program.Tables.UdpShare.Update((uint)opened, 7);
        Program.Tables.UdpShare.Update((uint)limit, 7);
        Begin(L4.Udp, family, local);
        Server(Datagram);
        Age(3);
        Client(Datagram);
        Assert.Equal(
            (LbCtPhase.Answered, 1ul, 7ul), (Phase(), Program.Count(LbReason.CtUdpShare), Program.Tables.UdpShare.Lookup((uint)opened)));
        Server(Datagram);

        Program.Tables.UdpShare.Update((uint)limit, 8);
        Age(1);
        Client(Datagram);

        Assert.Equal((LbCtPhase.Open, 8ul), (Phase(), Program.Tables.UdpShare.Lookup((uint)opened)));
    }
}
