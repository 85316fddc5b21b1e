using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Full tables: established flows stay, and what is refused is counted and told.</summary>
public class LimitTests(SmallFixture fixture) : PacketTest(fixture.Program), IClassFixture<SmallFixture>
{
    private const int MostFlows = SmallFixture.Entries / 2;

    [Theory]
    [MemberData(nameof(Talks))]
    public void No_more_flows_are_half_open_than_the_ring_holds(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));

        for (var i = 0; i < 100; i++) Assert.Equal(Verdict.Pass, New(protocol, family, i).Verdict);

        var entries = Program.Tables.Flows();
        Assert.Equal(2 * SmallFixture.HalfOpen, entries.Count);
        Assert.Equal([96, 97, 98, 99], entries.Where(e => !e.IsReply).Select(e => e.Source.Port - ClientPort).Order());
        Assert.Equal(96ul, Program.Count(LbReason.CtEvicted));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Established_flows_survive_a_flood(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        const int Established = 6;
        for (var i = 0; i < Established; i++) Establish(protocol, family, i);

        for (var i = 0; i < 200; i++) New(protocol, family, 1000 + i);

        var requests = Program.Tables.Flows().Where(e => !e.IsReply).ToArray();
        Assert.Equal(Enumerable.Range(0, Established),
            requests.Where(e => e.Phase == LbCtPhase.Open).Select(e => e.Source.Port - ClientPort).Order());
        for (var i = 0; i < Established; i++)
        {
            var data = FromClient(family, Segments.Data(protocol), ClientPort + i);
            Became(data.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(data));
        }
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void When_all_flows_are_established_new_ones_are_dropped_and_told(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        for (var i = 0; i < MostFlows; i++) Establish(protocol, family, i);
        Program.Events();
        var sent = FromClient(family, Segments.Opening(protocol), 50000);

        Became(sent, Verdict.Drop, In(sent));

        Assert.Equal(1ul, Program.Count(LbReason.DropCtFull));
        Assert.Equal(LbReason.DropCtFull, (LbReason)Assert.Single(Program.Events()).Reason);
        var entries = Program.Tables.Flows();
        Assert.Equal(SmallFixture.Entries, entries.Count);
        Assert.All(entries, e => Assert.Equal(LbCtPhase.Open, e.Phase));
    }

    [Fact]
    public void Drops_that_find_the_ring_of_events_full_are_counted_and_how_many_were_not_told_too()
    {
        const int Drops = 1000;
        Serve(L4.Udp, Family.IPv4, LocalBackend(Family.IPv4));
        for (var i = 0; i < MostFlows; i++) Establish(L4.Udp, Family.IPv4, i);
        Program.Events();

        for (var i = 0; i < Drops; i++) Assert.Equal(Verdict.Drop, New(L4.Udp, Family.IPv4, 10000 + i).Verdict);

        var told = Program.Events().Count;
        Assert.InRange(told, 1, Drops - 1);
        Assert.Equal((Drops, Drops - told), ((int)Program.Count(LbReason.DropCtFull), (int)Program.Count(LbReason.EventLost)));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_flow_that_gets_only_one_of_its_entries_in_takes_it_back(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        for (var i = 0; i < MostFlows; i++) Establish(protocol, family, i);
        Program.Tables.Delete(Program.Tables.Flows()[0]);
        var before = Program.Tables.Flows().Select(e => e.ToString()).Order().ToArray();
        var sent = FromClient(family, Segments.Opening(protocol), 50000);

        Became(sent, Verdict.Drop, In(sent));

        Assert.Equal(before, Program.Tables.Flows().Select(e => e.ToString()).Order());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Closed_connections_give_way(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        for (var i = 0; i < MostFlows; i++) Establish(L4.Tcp, family, i);
        In(FromClient(family, new TcpSegment(TcpFlags.Rst), ClientPort + 3));

        Assert.Equal(Verdict.Pass, New(L4.Tcp, family, 10000).Verdict);

        Assert.DoesNotContain(Program.Tables.Flows(), e => !e.IsReply && e.Source.Port == ClientPort + 3);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Closed_connections_are_remembered_as_long_as_their_ring_and_a_flood_does_not_change_that(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        for (var i = 0; i < 20; i++)
        {
            New(L4.Tcp, family, i);
            In(FromClient(family, new TcpSegment(TcpFlags.Rst), ClientPort + i));
        }
        for (var i = 0; i < 100; i++) New(L4.Tcp, family, 1000 + i);

        var closed = Program.Tables.Flows().Where(e => !e.IsReply && e.Phase == LbCtPhase.Closed).Select(e => e.Source.Port - ClientPort);
        Assert.Equal(Enumerable.Range(20 - SmallFixture.Closed, SmallFixture.Closed), closed.Order());
    }

    /// <summary>The places in the rings that its former life has left would else send it away amid the handshake.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_that_begins_anew_has_nothing_to_fear_from_the_one_before(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        New(L4.Tcp, family, 0);
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));
        Program.Tables.AgePending(ticks: 2);

        for (var i = 1; i < SmallFixture.HalfOpen; i++) New(L4.Tcp, family, i == 1 ? 0 : i);
        New(L4.Tcp, family, 100);

        Assert.Contains(Program.Tables.Flows(), e => !e.IsReply && e.Source.Port == ClientPort);
    }

    private PacketResult New(L4 protocol, Family family, int client)
        => In(FromClient(family, Segments.Opening(protocol), ClientPort + client));

    private void Establish(L4 protocol, Family family, int client)
    {
        var at = Ends.Of(family);
        Assert.Equal(Verdict.Pass, New(protocol, family, client).Verdict);
        Out(PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort + client).Over(Segments.Answer(protocol)));
        AgeQuestions();
        In(FromClient(family, Segments.Data(protocol), ClientPort + client));
    }
}
