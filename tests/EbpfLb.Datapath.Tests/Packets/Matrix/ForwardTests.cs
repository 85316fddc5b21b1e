using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Flows of an outside client to a NodePort, every packet of both directions.</summary>
public class ForwardTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_new_flow_to_a_backend_of_this_node_keeps_its_client(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol));

        var result = In(sent);

        Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, result);
        var (request, reply) = OnlyFlow();
        Assert.Equal(
            (LbCtHook.Ingress, LbCtFlag.Stack, LbCtPhase.New, 0u), (request.Hook, request.Flags, request.Phase, request.State.Oif));
        Assert.Equal((LbCtHook.Egress, LbCtFlag.Reply, (uint)PacketLab.Wan.Index), (reply.Hook, reply.Flags, reply.State.Oif));
        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 1));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_new_flow_to_another_node_leaves_with_an_address_and_port_of_this_one(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol));

        var result = In(sent);

        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
        var (request, reply) = OnlyFlow();
        Assert.Equal((LbCtHook.Ingress, LbCtFlag.Snat, (uint)PacketLab.Lan.Index), (request.Hook, request.Flags, request.State.Oif));
        Assert.Equal(
            (LbCtHook.Ingress, LbCtFlag.Snat | LbCtFlag.Reply, (uint)PacketLab.Wan.Index), (reply.Hook, reply.Flags, reply.State.Oif));
        Assert.Equal(1500, request.State.Mtu);
        Counted((LbReason.PktNew, 1), (LbReason.PktToRemote, 1));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_conversation_with_a_backend_of_this_node_is_translated_both_ways(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Payload(21)
            .Hops(63);
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));

        AgeQuestions();
        for (var i = 0; i < 3; i++)
        {
            var data = FromClient(family, Segments.Data(protocol)).Payload(100 + i);
            Became(data.To(at.LocalPod, BackendPort), Verdict.Pass, In(data));
            var back = answer.Over(Segments.Data(protocol)).Payload(700 + i);
            Became(back.WithSource(at.Node, NodePort), Verdict.Pass, Out(back));
        }
        Assert.Equal(LbCtPhase.Open, Phase());
        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 4), (LbReason.PktReply, 4));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_conversation_with_another_node_is_translated_both_ways(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var port = SnatPort(In(FromClient(family, Segments.Opening(protocol))));

        var answer = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Over(Segments.Answer(protocol)).Payload(21)
            .Hops(62);
        Became(ToClient(answer, at), Verdict.Redirect, In(answer, PacketLab.Lan));

        AgeQuestions();
        for (var i = 0; i < 3; i++)
        {
            var data = FromClient(family, Segments.Data(protocol)).Payload(100 + i);
            Became(Snatted(data, port), Verdict.Redirect, In(data));
            var back = answer.Over(Segments.Data(protocol)).Payload(700 + i);
            Became(ToClient(back, at), Verdict.Redirect, In(back, PacketLab.Lan));
        }
        Assert.Equal(LbCtPhase.Open, Phase());
        Counted((LbReason.PktNew, 1), (LbReason.PktToRemote, 4), (LbReason.PktReply, 4));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_reply_whose_route_is_another_uplink_leaves_where_the_request_came_in(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)), PacketLab.SecondWan);

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Hops(63);

        Became(answer.WithSource(at.Node, NodePort), Verdict.Redirect, Out(answer, PacketLab.Wan));
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer, PacketLab.SecondWan));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_reply_that_has_no_route_back_where_the_request_came_in_leaves_by_the_route_there_is(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)), PacketLab.Lan);

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Hops(63);

        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer, PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_wrong_checksum_stays_as_wrong_as_it_was(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol)).Wrong(0x0101);

        var result = In(sent);

        var before = PacketVerifier.Checksums(PacketReader.Read(sent.Build()))[^1];
        var after = PacketVerifier.Checksums(PacketReader.Read(result.Packet))[^1];
        Assert.NotEqual(0u, after.Error);
        Assert.Equal(before.Error, after.Error);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_to_no_frontend_passes_untouched(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol));

        Untouched(sent.To(at.Node, NodePort + 1), In(sent.To(at.Node, NodePort + 1)));
        Untouched(sent.To(at.Node, ServicePort), In(sent.To(at.Node, ServicePort)));
        Untouched(sent.To(at.RemotePod, NodePort), In(sent.To(at.RemotePod, NodePort)));
        Untouched(sent, Out(sent));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.PktPassed, 4));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_other_protocols_of_a_frontend_pass_untouched(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        foreach (var transport in new Transport[]
        {
            new UdpDatagram(), new SctpPacket(), new RawTransport(47), new IcmpMessage(family == Family.IPv4 ? (byte)8 : (byte)128),
        })
        {
            var sent = FromClient(family, transport);
            Untouched(sent, In(sent));
        }
        Counted((LbReason.PktPassed, 4));
    }

    private static PacketBuilder ToClient(PacketBuilder reply, Ends at)
        => reply.WithSource(at.Node, NodePort).To(at.Client, ClientPort).Forwarded();
}
