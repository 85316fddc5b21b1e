using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Packets of pods, on the device that pods are behind: ClusterIPs without socket hooks.</summary>
public class PodTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_pod_keeps_its_address_towards_another_node_and_its_replies_come_back_through_us(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromPod(family, protocol).To(at.ClusterIp, ServicePort);

        Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, In(sent, PacketLab.Pods));

        var (request, reply) = OnlyFlow();
        Assert.Equal((LbCtFlag.Stack, LbCtHook.Egress, (uint)PacketLab.Pods.Index), (request.Flags, reply.Hook, reply.State.Oif));
        var answer = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LocalPod, ClientPort).Over(Segments.Answer(protocol)).Hops(62);
        Became(answer.WithSource(at.ClusterIp, ServicePort), Verdict.Pass, Out(answer, PacketLab.Pods));
        Counted((LbReason.PktNew, 1), (LbReason.PktToRemote, 1), (LbReason.PktReply, 1));
    }

    [Contract("5.2", "note 8: hairpin: always SNAT")]
    [Theory]
    [MemberData(nameof(Talks))]
    public void A_pod_that_is_its_own_backend_meets_itself_under_another_address(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        var sent = FromPod(family, protocol).To(at.ClusterIp, ServicePort);

        var result = In(sent, PacketLab.Pods);

        var port = SnatPort(result);
        Became(sent.WithSource(at.PodGateway, port).To(at.LocalPod, BackendPort).Forwarded(), Verdict.Redirect, result);
        var (request, reply) = OnlyFlow();
        Assert.Equal((LbCtFlag.Snat | LbCtFlag.Direct, (uint)PacketLab.Pods.Index), (request.Flags, request.State.Oif));
        Assert.Equal((LbCtHook.Ingress, (uint)PacketLab.Pods.Index), (reply.Hook, reply.State.Oif));
        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.PodGateway, port).Over(Segments.Answer(protocol));
        Became(answer.WithSource(at.ClusterIp, ServicePort).To(at.LocalPod, ClientPort).Forwarded(), Verdict.Redirect,
            In(answer, PacketLab.Pods));
        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 1), (LbReason.PktReply, 1));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_pod_that_asks_a_node_port_of_another_nodes_backend_is_masqueraded(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromPod(family, protocol).To(at.Node, NodePort);

        var result = In(sent, PacketLab.Pods);

        Became(Snatted(sent, SnatPort(result)), Verdict.Redirect, result);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Always_SNAT_goes_to_pods_of_this_node_too(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        Program.Settings = Program.Settings with { Flags = Program.Settings.Flags | (uint)LbSetting.SetAlwaysSnat };
        var sent = FromClient(family, Segments.Opening(protocol));

        var result = In(sent);

        Became(sent.WithSource(at.PodGateway, SnatPort(result)).To(at.LocalPod, BackendPort).Forwarded(), Verdict.Redirect, result);
        Assert.Equal(LbCtFlag.Snat | LbCtFlag.Direct, OnlyFlow().Request.Flags);
    }

    private static PacketBuilder FromPod(Family family, L4 protocol) =>
        PacketBuilder.From(Ends.Of(family).LocalPod, ClientPort).Over(Segments.Opening(protocol)).Payload(17);
}
