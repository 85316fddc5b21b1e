using System.Net;
using EbpfLb.Abi;
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

    /// <summary>A client that always uses one port would never be answered again.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void What_begins_anew_does_not_keep_a_source_that_the_node_has_lost(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        var now = MoveLan(family);
        AgeBoth();

        In(FromClient(family, Segments.Opening(protocol)));

        Assert.Equal(now, OnlyFlow().Request.ToSource.Address);
    }

    /// <summary>An address may be away for a moment. When nothing is heard, the backend tells the client that it is over.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_connection_keeps_a_source_that_the_node_has_lost_while_its_backend_may_still_talk(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
        var before = OnlyFlow().Request.ToSource.Address;
        var now = MoveLan(family);
        Age(OnlyFlow().Request, ticks: 1);

        In(FromClient(family, Segments.Data(L4.Tcp)));
        Assert.Equal(before, OnlyFlow().Request.ToSource.Address);

        AgeBoth();
        In(FromClient(family, Segments.Data(L4.Tcp)));
        Assert.Equal(now, OnlyFlow().Request.ToSource.Address);
    }

    /// <summary>As when a device is switched off and on: nothing else could be masqueraded with.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void Without_another_address_a_flow_waits_for_its_own(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        var before = OnlyFlow().Request.ToSource;
        MoveLan(family, none: true);
        AgeBoth();

        In(FromClient(family, Segments.Data(protocol)));

        Assert.Equal(before, OnlyFlow().Request.ToSource);
    }

    /// <summary>The node gets another address at the device towards the backends.</summary>
    private IPAddress MoveLan(Family family, bool none = false)
    {
        var (before, now) = (PacketLab.Lan.Address(family), PacketLab.SecondWan.Address(family));
        var (tables, index) = (Program.Tables, (uint)PacketLab.Lan.Index);
        var device = tables.Devices.Lookup(index);
        tables.Devices.Update(index, family == Family.IPv4
            ? device with { Snat4 = none ? default : AbiAddress.To4(now) } : device with { Snat6 = none ? default : AbiAddress.To16(now) });
        if (family == Family.IPv4) tables.NodeAddrs4.Delete(new LbIp4 { Addr = AbiAddress.To4(before) });
        else tables.NodeAddrs6.Delete(new LbIp6 { Addr = AbiAddress.To16(before) });
        return now;
    }

    private void AgeBoth(ushort? mtu = null)
    {
        var (request, reply) = OnlyFlow();
        foreach (var entry in new[] { request, reply })
            Age(entry with { State = entry.State with { Mtu = mtu ?? entry.State.Mtu } });
    }
}
