using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>What can be in the way to another node: a narrow link, too many hops, no route, no address.</summary>
public class WayTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int LinkHeader = 14;

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_as_long_as_the_way_allows_goes_and_a_longer_one_is_answered(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, new BackendSpec(at.NarrowPod, BackendPort));
        var opening = FromClient(family, Segments.Opening(protocol));
        var port = SnatPort(In(opening));
        Assert.Equal(PacketLab.NarrowMtu, OnlyFlow().Request.State.Mtu);
        var empty = (opening.Over(Segments.Data(protocol)) with { DontFragment = true }).Payload(0);
        var room = PacketLab.NarrowMtu + LinkHeader - empty.Build().Length;

        var fits = empty.Payload(room);
        Became(Snatted(fits, port, at.NarrowPod), Verdict.Redirect, In(fits));

        var answer = PacketReader.Read(Answered(empty.Payload(room + 4)).Packet);
        Assert.Equal(family == Family.IPv4 ? (3ul, 4ul) : (2ul, 0ul), (answer.Number("icmp.type"), answer.Number("icmp.code")));
        Assert.Equal((ulong)PacketLab.NarrowMtu, answer.Number("icmp.rest") & 0xffff);
        Assert.Equal((at.Node, at.Client), (answer.Ip.Source.Address, answer.Ip.Destination.Address));
        Assert.Equal((ClientPort, NodePort), (answer.Inner!.Source.Port, answer.Inner.Destination.Port));
        Assert.Equal(1ul, Program.Count(LbReason.PktTooBig));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void A_longer_one_that_may_be_cut_goes_into_a_tunnel_all_the_same(bool isTunnel, bool dontFragment, bool goes)
    {
        var at = Ends.Of(Family.IPv4);
        Serve(L4.Udp, Family.IPv4, new BackendSpec(at.NarrowPod, BackendPort));
        var device = Program.Tables.Devices.Lookup((uint)PacketLab.Lan.Index);
        device = device with { Flags = device.Flags | (isTunnel ? (uint)LbDeviceFlag.Wraps : 0) };
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, device);
        var opening = FromClient(Family.IPv4, Segments.Opening(L4.Udp));
        var port = SnatPort(In(opening));
        var tooLong = (opening with { DontFragment = dontFragment }).Payload(PacketLab.NarrowMtu);

        if (goes) Became(Snatted(tooLong, port, at.NarrowPod), Verdict.Redirect, In(tooLong));
        else Answered(tooLong);
        Assert.Equal(goes ? 0ul : 1ul, Program.Count(LbReason.PktTooBig));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_a_packet_that_the_device_will_cut_each_segment_counts(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, new BackendSpec(at.NarrowPod, BackendPort));
        var opening = FromClient(family, Segments.Opening(L4.Tcp));
        var port = SnatPort(In(opening));
        var big = opening.Over(Segments.Data(L4.Tcp)).Payload(2600);

        // 1400 less the IP header, and 32 of TCP with its options.
        var segment = PacketLab.NarrowMtu - (family == Family.IPv4 ? 20 : 40) - 32;
        var result = Program.Run(LbCtHook.Ingress, big.Build(), new SkbContext(PacketLab.Wan.Index) { GsoSize = segment, GsoSegments = 2 });
        Became(Snatted(big, port, at.NarrowPod), Verdict.Redirect, result);

        Program.Run(LbCtHook.Ingress, big.Build(), new SkbContext(PacketLab.Wan.Index) { GsoSize = segment + 1, GsoSegments = 2 });
        Assert.Equal(1ul, Program.Count(LbReason.PktTooBig));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_at_its_last_hop_is_answered(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol));

        var answer = PacketReader.Read(Answered(sent.Hops(1)).Packet);

        Assert.Equal(family == Family.IPv4 ? 11ul : 3ul, answer.Number("icmp.type"));
        Assert.Equal(at.Client, answer.Ip.Destination.Address);
        Assert.Equal(1ul, Program.Count(LbReason.PktTtl));
        Assert.Equal(Verdict.Redirect, In(sent.Hops(2)).Verdict);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_packet_at_its_last_hop_reaches_a_backend_of_this_node(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var sent = FromClient(family, Segments.Opening(protocol)).Hops(1);

        Became(sent.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, In(sent));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Without_a_route_to_the_backend_there_is_no_flow(L4 protocol, Family family)
    {
        Serve(protocol, family, new BackendSpec(Ends.Of(family).UnreachablePod, BackendPort));
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent, Verdict.Drop, In(sent));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.DropNoRoute, 1));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Without_an_address_on_the_way_there_is_no_flow(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, default);
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent, Verdict.Drop, In(sent));

        Assert.Empty(Program.Tables.Flows());
        Counted((LbReason.DropNoSnatAddr, 1));
    }

    /// <summary>An endpoint of this node whose slice does not name it: its replies to an address of the node would never meet us.</summary>
    [Theory]
    [MemberData(nameof(Talks))]
    public void Towards_a_device_without_a_program_of_ours_the_client_keeps_its_address(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, new LbDevice { Flags = (uint)LbDeviceFlag.Bare });
        var sent = FromClient(family, Segments.Opening(protocol));

        Became(sent.To(at.RemotePod, BackendPort), Verdict.Pass, In(sent));

        var answer = PacketBuilder.From(at.RemotePod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol)).Payload(5);
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_route_that_goes_away_under_a_flow_is_noticed(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, RemoteBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var blackhole = family == Family.IPv4 ? $"blackhole {at.RemotePod}/32" : $"blackhole {at.RemotePod}/128";
        Program.Netns.Configure($"route add {blackhole}");
        try
        {
            Age(OnlyFlow().Request);
            var data = FromClient(family, Segments.Data(protocol));
            Became(data, Verdict.Drop, In(data));
            Assert.Equal(1ul, Program.Count(LbReason.DropNoRoute));
        }
        finally
        {
            Program.Netns.Configure($"route del {blackhole}");
        }
        Age(OnlyFlow().Request);
        Assert.Equal(Verdict.Redirect, In(FromClient(family, Segments.Data(protocol))).Verdict);
    }
}
