using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Ways that change under a flow.</summary>
public class RouteTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(Talks))]
    public void Replies_follow_requests_that_come_in_by_another_uplink(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Hops(63);
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer, PacketLab.Wan));
        AgeBoth();

        In(FromClient(family, Segments.Data(protocol)), PacketLab.SecondWan);

        Became(answer.WithSource(at.Node, NodePort), Verdict.Redirect, Out(answer, PacketLab.Wan));
        Assert.Equal((uint)PacketLab.SecondWan.Index, OnlyFlow().Reply.State.Oif);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Packets_of_one_direction_do_not_keep_the_other_from_looking_for_its_route(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var port = SnatPort(In(FromClient(family, Segments.Opening(protocol))));
        AgeBoth(mtu: 999);

        In(PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, port).Over(Segments.Answer(protocol)).Hops(62), PacketLab.Lan);
        Assert.Equal((999, 1500), (OnlyFlow().Request.State.Mtu, OnlyFlow().Reply.State.Mtu));

        In(FromClient(family, Segments.Data(protocol)));
        Assert.Equal(1500, OnlyFlow().Request.State.Mtu);
    }

    private void AgeBoth(ushort? mtu = null)
    {
        var (request, reply) = OnlyFlow();
        foreach (var entry in new[] { request, reply })
            Age(entry with { State = entry.State with { Mtu = mtu ?? entry.State.Mtu } });
    }
}
