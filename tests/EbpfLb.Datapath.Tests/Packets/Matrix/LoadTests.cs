using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>How many connections a backend has: counted once when one begins, and once when it ends, however that is.</summary>
public class LoadTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    public static TheoryData<L4, Family, bool> Ways => new(
        from protocol in Protocols
        from family in Enum.GetValues<Family>()
        from local in new[] { true, false }
        select new TheoryDataRow<L4, Family, bool>(protocol, family, local));

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_connection_is_its_backends_while_it_lasts(L4 protocol, Family family, bool local)
    {
        var service = Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));

        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        Assert.Equal(new LbLoad { Active = 1, Begun = 1 }, Program.Tables.LoadOf(service.BackendId(0)));

        Converse(protocol, FromClient(family, Segments.Opening(protocol), ClientPort + 1));
        Assert.Equal(new LbLoad { Active = 2, Begun = 2 }, Program.Tables.LoadOf(service.BackendId(0)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_that_both_sides_close_is_over_at_the_second_FIN(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
        var fin = new TcpSegment(TcpFlags.Fin | TcpFlags.Ack);

        In(FromClient(family, fin));
        Assert.Equal(1u, Program.Tables.LoadOf(service.BackendId(0)).Active);
        AnswerTo(OnlyFlow().Request, fin);
        Assert.Equal(new LbLoad { Active = 0, Begun = 1 }, Program.Tables.LoadOf(service.BackendId(0)));

        // Once, whatever still comes.
        In(FromClient(family, fin));
        AnswerTo(OnlyFlow().Request, fin);
        Assert.Equal(0u, Program.Tables.LoadOf(service.BackendId(0)).Active);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_RST_ends_it_and_who_goes_on_all_the_same_has_it_back(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));

        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));
        Assert.Equal(0u, Program.Tables.LoadOf(service.BackendId(0)).Active);

        In(FromClient(family, Segments.Data(L4.Tcp)));
        Assert.Equal(LbCtPhase.Open, Phase());
        Assert.Equal(new LbLoad { Active = 1, Begun = 1 }, Program.Tables.LoadOf(service.BackendId(0)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_flood_leaves_no_more_counted_than_there_are_flows(L4 protocol, Family family, bool local)
    {
        var service = Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));
        var places = (int)Program.Tables.CtPending.Info.MaxEntries / 3;

        for (var i = 0; i < places + 40; i++) In(FromClient(family, Segments.Opening(protocol), 10000 + i));

        var load = Program.Tables.LoadOf(service.BackendId(0));
        Assert.Equal((uint)places + 40, load.Begun);
        Assert.Equal((uint)Program.Tables.Flows().Count(e => !e.IsReply), load.Active);
        Assert.InRange(load.Active, 1u, load.Begun - 1);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_end_of_a_connection_is_not_taken_off_the_next_owner_of_its_backends_id(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
        var id = service.BackendId(0);
        // Another endpoint of the same service has the id now, and connections of its own.
        Program.Tables.Backends.Update(id, Program.Tables.Backends.Lookup(id) with { Port = Be16.FromHost(BackendPort + 1) });

        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));

        Assert.Equal(1u, Program.Tables.LoadOf(id).Active);
        Assert.Equal(1ul, Program.Tables.CountsOf(service.Id).Closed);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_that_nobody_counted_takes_nothing_off(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
        var flow = OnlyFlow();
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));
        // As one of an older release, which had no counts.
        Program.Tables.ClearFlows();
        Program.Tables.Put(flow.Request);
        Program.Tables.Put(flow.Reply);

        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));

        Assert.Equal(0u, Program.Tables.LoadOf(service.BackendId(0)).Active);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_client_that_asks_the_backend_itself_ends_what_it_had(Family family)
    {
        var at = Ends.Of(family);
        var service = Serve(L4.Udp, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(L4.Udp)));
        AnswerTo(OnlyFlow().Request, Segments.Answer(L4.Udp));
        Assert.Equal(1u, Program.Tables.LoadOf(service.BackendId(0)).Active);

        In(PacketBuilder.From(at.Client, ClientPort).To(at.LocalPod, BackendPort).Over(Segments.Opening(L4.Udp)).Payload(0));

        Assert.Equal(0u, Program.Tables.LoadOf(service.BackendId(0)).Active);
    }
}
