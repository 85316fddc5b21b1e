using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>What keeps a flow whole, and what moves it.</summary>
public class FlowTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    public static TheoryData<L4, Family, bool> Ways => new(
        from protocol in Protocols
        from family in Enum.GetValues<Family>()
        from local in new[] { true, false }
        select new TheoryDataRow<L4, Family, bool>(protocol, family, local));

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_lost_reply_entry_is_made_again_by_the_next_request(L4 protocol, Family family, bool local)
    {
        var flow = Open(protocol, family, local);
        Program.Tables.Delete(flow.Reply);
        Age(flow.Request);

        In(FromClient(family, Segments.Data(protocol)));

        var again = OnlyFlow();
        Assert.Equal(flow.Reply with { State = default }, again.Reply with { State = default });
        Assert.Equal(
            (flow.Reply.Flags, flow.Reply.Phase, flow.Reply.State.Oif), (again.Reply.Flags, again.Reply.Phase, again.Reply.State.Oif));
        Assert.Equal(1ul, Program.Count(LbReason.CtRebuilt));
        Answer(protocol, family, local, flow.Request);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_lost_request_entry_is_made_again_by_the_next_reply(L4 protocol, Family family, bool local)
    {
        var flow = Open(protocol, family, local);
        Program.Tables.Delete(flow.Request);
        Age(flow.Reply);

        Answer(protocol, family, local, flow.Request);

        var again = OnlyFlow();
        Assert.Equal(flow.Request with { State = default }, again.Request with { State = default });
        Assert.Equal((flow.Request.Flags, flow.Request.Phase), (again.Request.Flags, again.Request.Phase));
        Assert.Equal(1ul, Program.Count(LbReason.CtRebuilt));
        var data = FromClient(family, Segments.Data(protocol));
        Became(Translated(data, flow.Request), local ? Verdict.Pass : Verdict.Redirect, In(data));
        Assert.Equal(flow.Request.State.Oif, OnlyFlow().Request.State.Oif);
        Assert.Equal(flow.Request.State.Mtu, OnlyFlow().Request.State.Mtu);
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void A_client_that_asks_the_backend_itself_from_the_same_port_gets_its_answers(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        if (protocol == L4.Tcp)
        {
            Open(protocol, family, local: true);
        }
        else
        {
            Serve(protocol, family, LocalBackend(family));
            In(FromClient(family, Segments.Opening(protocol)));
            Answer(protocol, family, local: true, OnlyFlow().Request);
        }
        var direct = PacketBuilder.From(at.Client, ClientPort).To(at.LocalPod, BackendPort).Over(Segments.Opening(protocol)).Payload(0);

        Untouched(direct, In(direct));

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort)
            .Over(protocol == L4.Tcp ? new TcpSegment(TcpFlags.Syn | TcpFlags.Ack) : new UdpDatagram()).Payload(0);
        Untouched(answer, Out(answer));
        Assert.Empty(Program.Tables.Flows());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_client_that_asks_the_backend_itself_after_a_reset_gets_its_answers(Family family)
    {
        var at = Ends.Of(family);
        Open(L4.Tcp, family, local: true);
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));
        Assert.Equal(LbCtPhase.Reset, Phase());
        var direct = PacketBuilder.From(at.Client, ClientPort).To(at.LocalPod, BackendPort).Over(Segments.Opening(L4.Tcp)).Payload(0);

        Untouched(direct, In(direct));

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort)
            .Over(new TcpSegment(TcpFlags.Syn | TcpFlags.Ack)).Payload(0);
        Untouched(answer, Out(answer));
        Assert.Empty(Program.Tables.Flows());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Packets_within_a_direct_connection_end_no_flow(Family family)
    {
        var at = Ends.Of(family);
        Open(L4.Tcp, family, local: true);
        var direct = PacketBuilder.From(at.Client, ClientPort).To(at.LocalPod, BackendPort).Over(Segments.Data(L4.Tcp)).Payload(9);

        Untouched(direct, In(direct));

        OnlyFlow();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_packet_brings_the_time_of_a_conversation_up_to_date(L4 protocol, Family family, bool local)
    {
        var flow = Open(protocol, family, local);
        Age(flow.Request, 100);
        Age(flow.Reply, 100);

        In(FromClient(family, Segments.Data(protocol)));

        var now = OnlyFlow();
        // One less, so that the reply's next packet looks for its own route. Of an open connection an entry has the time of its own
        // direction.
        Assert.Equal(protocol == L4.Udp ? now.Request.State.Tick - 1 : flow.Reply.State.Tick - 100, now.Reply.State.Tick);
        Assert.InRange(now.Request.State.Tick, flow.Request.State.Tick, flow.Request.State.Tick + 30);
    }

    [Contract("12", "which: flows of frontends, of every kind")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_flow_moves_at_once_when_its_backend_goes(Family family)
    {
        foreach (var local in new[] { true, false })
        {
            Program.Reset();
            var service = Serve(L4.Udp, family, local ? LocalBackend(family) : RemoteBackend(family));
            var sent = FromClient(family, new UdpDatagram());
            In(sent);

            Program.Replace(service, local ? RemoteBackend(family) : LocalBackend(family));
            var result = In(sent);

            if (local) Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
            else Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, result);
            OnlyFlow();
            Assert.Equal(2ul, Program.Count(LbReason.PktNew));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_flow_stays_while_its_backend_is_in_a_list(Family family)
    {
        var service = Serve(L4.Udp, family, RemoteBackend(family));
        var port = SnatPort(In(FromClient(family, new UdpDatagram())));

        for (var i = 0; i < 5; i++) Assert.Equal(port, SnatPort(In(FromClient(family, new UdpDatagram()))));

        Program.Retire(service, 0);
        Program.Replace(service, RemoteBackend(family), LocalBackend(family));
        In(FromClient(family, new UdpDatagram()));
        Assert.Equal(2ul, Program.Count(LbReason.PktNew));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Two_CPUs_that_open_the_same_flow_join(L4 protocol, Family family, bool local)
    {
        const int Rounds = 150;
        Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));
        var packets = Enumerable.Range(0, Rounds).Select(i => FromClient(family, Segments.Opening(protocol), 10000 + i).Build()).ToArray();
        using var start = new Barrier(2);

        var runs = Program.OnTwoThreads(run => packets.Select(packet =>
        {
            start.SignalAndWait();
            return run(packet);
        }).ToArray());

        for (var i = 0; i < Rounds; i++) Assert.Equal(Convert.ToHexString(runs[0][i].Packet), Convert.ToHexString(runs[1][i].Packet));
        var entries = Program.Tables.Flows();
        Assert.Equal(2 * Rounds, entries.Count);
        Assert.All(entries.Where(e => !e.IsReply), request => Assert.Single(entries, e => e.IsReply && request.IsSiblingOf(e)));
        Assert.Equal((ulong)Rounds, Program.Count(LbReason.PktNew));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Two_frontends_with_one_backend_do_not_confuse_a_client_that_uses_one_port(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        var first = FromClient(family, Segments.Opening(protocol));
        var second = first.To(at.Vip, ServicePort);
        In(first);

        // The reply of the second would look like the first one's: it gets another port, and keeps its address.
        var result = In(second);

        Became(second.WithSource(at.Client, SnatPort(result)).To(at.LocalPod, BackendPort), Verdict.Pass, result);
        Assert.Equal(4, Program.Tables.Flows().Count);
        var reply = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, SnatPort(result)).Over(Segments.Answer(protocol));
        Became(reply.WithSource(at.Vip, ServicePort).To(at.Client, ClientPort), Verdict.Pass, Out(reply));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_left_over_of_a_closed_connection_gives_its_place(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(L4.Tcp)));
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));
        var second = FromClient(family, Segments.Opening(L4.Tcp)).To(at.Vip, ServicePort);

        Became(second.To(at.LocalPod, BackendPort), Verdict.Pass, In(second));

        Assert.Equal(at.Vip, OnlyFlow().Request.Destination.Address);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void An_entry_whose_place_on_the_other_side_is_taken_is_given_up(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var flow = Open(protocol, family, local: true);
        var foreign = flow.Reply with { ToSource = new System.Net.IPEndPoint(at.Vip, ServicePort) };
        Program.Tables.Put(foreign);
        Age(flow.Request);

        // Of SCTP only an INIT begins another one.
        var packet = FromClient(family, protocol == L4.Sctp ? Segments.Opening(protocol) : Segments.Data(protocol));
        var result = In(packet);

        Became(
            packet.WithSource(at.Client, SnatPort(result)).To(at.LocalPod, BackendPort), Verdict.Pass, result);
        Assert.Contains(Program.Tables.Flows(), e => e.IsReply && e.ToSource.Equals(foreign.ToSource));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Affinity_keeps_a_client_at_its_backend(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var addresses = Enumerable.Range(10, 20).Select(i
            => System.Net.IPAddress.Parse(family == Family.IPv4 ? $"10.244.1.{i}" : $"fd00:244:1::{i}"));
        var service = Program.Serve(Spec(protocol, family) with
        {
            // Who has no seat yet is drawn anew when a span of this length ends.
            AffinitySeconds = 2_000_000_000,
            Backends = [.. addresses.Select(a => new BackendSpec(a, BackendPort, OnThisNode: true))],
        });

        var first = Backend(0);
        for (var i = 1; i < 8; i++) Assert.Equal(first, Backend(i));
        Assert.Contains(
            Enumerable.Range(0, 40), i => !Backend(100 + i, PacketBuilder.From(Next(at.Client, i), 1).Source.Address).Equals(first));

        Program.Retire(service, Array.FindIndex(service.Spec.Backends, b => b.Address.Equals(first)));
        Assert.NotEqual(1ul, Program.Count(LbReason.PktNew));

        System.Net.IPAddress Backend(int i, System.Net.IPAddress? source = null)
        {
            var to = i % 2 == 0 ? (at.Node, NodePort) : (at.Vip, ServicePort);
            var sent = FromClient(family, Segments.Opening(protocol), ClientPort + i).To(to.Item1, to.Item2);
            if (source is not null) sent = sent.WithSource(source, ClientPort + i);
            return PacketReader.Read(In(sent).Packet).Ip.Destination.Address;
        }
    }

    private static System.Net.IPAddress Next(System.Net.IPAddress address, int by)
    {
        var bytes = address.GetAddressBytes();
        bytes[^1] += (byte)(by + 1);
        return new System.Net.IPAddress(bytes);
    }

    private (FlowEntry Request, FlowEntry Reply) Open(L4 protocol, Family family, bool local)
    {
        Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        Answer(protocol, family, local, OnlyFlow().Request);
        AgeQuestions();
        In(FromClient(family, Segments.Data(protocol)));
        var flow = OnlyFlow();
        Assert.Equal(LbCtPhase.Open, flow.Request.Phase);
        return flow;
    }

    private static PacketBuilder Translated(PacketBuilder packet, FlowEntry by)
    {
        var to = packet with { Source = by.ToSource, Destination = by.ToDestination };
        return by.Flags.HasFlag(LbCtFlag.Stack) ? to : to.Forwarded();
    }

    private void Answer(L4 protocol, Family family, bool local, FlowEntry request)
    {
        var at = Ends.Of(family);
        var answer = PacketBuilder.From(request.ToDestination.Address, BackendPort)
            .To(request.ToSource.Address, request.ToSource.Port).Over(Segments.Answer(protocol)).Hops(60);
        var expected = answer.WithSource(at.Node, NodePort).To(at.Client, ClientPort);
        if (local) Became(expected, Verdict.Pass, Out(answer));
        else Became(expected.Forwarded(), Verdict.Redirect, In(answer, PacketLab.Lan));
    }
}
