using System.Buffers.Binary;
using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Which packets XDP takes. That they leave as they do by tc, and that what it does not take is untouched, every test of packets that come
/// in shows (<see cref="FrontOfStack"/>).
/// </summary>
[InFront]
public sealed class XdpTests(PacketFixture fixture) : FrontTest(fixture)
{
    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Of_an_open_flow_to_another_node_requests_and_replies_are_taken(L4 protocol, Family family)
    {
        var (data, reply) = Open(protocol, family, RemoteBackend(family));

        Assert.True(IsTaken(data, PacketLab.Wan));
        Assert.True(IsTaken(reply, PacketLab.Lan));
        Assert.True(IsTaken(data.Payload(1200), PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void What_it_takes_is_counted_as_it_is_by_tc_and_once_more(L4 protocol, Family family)
    {
        var (data, _) = Open(protocol, family, RemoteBackend(family));
        var (taken, byXdp, toRemote) = (Front.Taken, Program.Count(LbReason.PktXdp), Program.Count(LbReason.PktToRemote));
        for (var i = 0; i < 5; i++) In(data);

        Assert.InRange(Front.Taken - taken, 1, 5);
        Assert.Equal((ulong)(Front.Taken - taken), Program.Count(LbReason.PktXdp) - byXdp);
        Assert.Equal(toRemote + 5, Program.Count(LbReason.PktToRemote));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_first_packet_to_a_neighbour_in_a_tick_is_for_tc(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        Assert.True(IsTaken(data, PacketLab.Wan));
        Program.Tables.ForgetNeighbours();
        Program.Tables.ForgetKept();

        Assert.False(IsTakenAtOnce(data.Build(), PacketLab.Wan));
        Assert.True(IsTaken(data, PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_first_packet_of_a_flow_in_a_tick_asks_for_its_route_and_is_taken(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        Assert.True(IsTaken(data, PacketLab.Wan));
        foreach (var entry in Program.Tables.Flows()) Age(entry);
        var old = OnlyFlow().Request.State.Tick;

        Assert.True(IsTaken(data, PacketLab.Wan));

        Assert.True((int)(OnlyFlow().Request.State.Tick - old) >= 5);
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void All_packets_of_a_conversation_are_taken_the_first_one_too(L4 protocol, Family family)
    {
        // Neighbours are known, on each CPU for a tick: of six at most two are left, one to each neighbour, when one begins meanwhile on
        // the CPU that all come to, and more only when they come to several.
        Open(protocol, family, RemoteBackend(family));
        var most = 0L;
        for (var attempt = 0; attempt < 5 && most < 4; attempt++)
        {
            Program.Tables.ClearFlows();
            var (taken, opened) = (Front.Taken, Program.Count(LbReason.PktNew));

            Converse(protocol, FromClient(family, Segments.Opening(protocol)));

            most = Math.Max(most, (long)(Front.Taken - taken));
            Assert.Equal(LbCtPhase.Open, Phase());
            Assert.Equal(opened + 1, Program.Count(LbReason.PktNew));
        }
        Assert.InRange(most, 4, 6);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_ends_a_flow_is_taken_and_ends_it(Family family)
    {
        var (data, reply) = Open(L4.Tcp, family, RemoteBackend(family));
        var fin = new TcpSegment(TcpFlags.Fin | TcpFlags.Ack);

        Assert.True(IsTaken(data.Over(fin), PacketLab.Wan));
        Assert.Equal(LbCtPhase.Closing, Phase());
        Assert.True(IsTaken(reply.Over(fin), PacketLab.Lan));
        Assert.Equal(LbCtPhase.Closed, Phase());
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void A_client_of_a_pod_of_this_node_has_its_flow_when_tc_sees_it(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var opening = FromClient(family, Segments.Opening(protocol));

        Assert.False(IsTakenAtOnce(opening.Build(), PacketLab.Wan));

        Counted((LbReason.PktNew, 1), (LbReason.PktToLocal, 1));
        Assert.Equal(LbCtPhase.New, Phase());
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Who_is_in_no_source_range_is_dropped_and_reported_once(L4 protocol, Family family)
    {
        Program.Serve(Spec(protocol, family) with
        {
            Backends = [RemoteBackend(family)], Ranges = [family == Family.IPv4 ? "192.0.2.0/25" : "2001:db8:ffff::/48"],
        });
        var at = Ends.Of(family);

        var result = In(PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort).Over(Segments.Opening(protocol)));

        Assert.Equal(Verdict.Drop, result.Verdict);
        Counted((LbReason.DropRange, 1));
        Assert.Single(Program.Events());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_would_be_answered_is_for_tc(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));

        NeverTaken(data.Hops(1));
        NeverTaken(data.Payload(1470));
        NeverTaken(data.Vlan(7));
        NeverTaken(data.Vlan(0, priority: 3));
        NeverTaken(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 1).To(Ends.Of(family).ClusterIp, ServicePort + 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_frame_for_another_machine_opens_no_flow(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        var opening = FromClient(family, Segments.Opening(L4.Tcp)).Ethernet(LinkHeader.Default.Reversed);

        Assert.Equal(Verdict.Pass, Program.Netns.Run(() => Front.Run(
            opening.Build(), PacketLab.Wan.Index, () => new PacketResult(Verdict.Pass, []))).Verdict);

        Assert.Empty(Program.Tables.Flows());
        Assert.Empty(Program.Counts());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Associations_are_for_tc_as_their_checksum_covers_the_packet(Family family)
        => NeverTaken(Open(L4.Sctp, family, RemoteBackend(family)).Data);

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Flows_to_pods_of_this_node_are_for_tc(L4 protocol, Family family)
        => NeverTaken(Open(protocol, family, LocalBackend(family)).Data);

    [Theory]
    [MemberData(nameof(Families))]
    public void A_frame_for_another_machine_is_for_tc(Family family)
    {
        var (data, _) = Open(L4.Udp, family, RemoteBackend(family));

        NeverTaken(data.Ethernet(LinkHeader.Default.Reversed));
        Program.Tables.Devices.Update((uint)PacketLab.Wan.Index, Device(PacketLab.Wan) with { Mac = default });
        Program.Tables.ForgetNeighbours();
        NeverTaken(data);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_leaves_by_a_device_that_sends_no_frames_is_for_tc(Family family)
    {
        var (data, reply) = Open(L4.Udp, family, RemoteBackend(family));
        Program.Tables.Devices.Update((uint)PacketLab.Lan.Index, Device(PacketLab.Lan) with { Flags = 0 });
        Program.Tables.ForgetNeighbours();

        NeverTaken(data);
        Assert.True(IsTaken(reply, PacketLab.Lan));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_neighbour_it_is_for_tc_which_finds_one(Family family)
    {
        var (data, _) = Open(L4.Udp, family, RemoteBackend(family));
        var router = $"neigh {{0}} {(family == Family.IPv4 ? "10.1.0.2" : "fd00:1::2")} dev lan0";
        Program.Tables.ForgetNeighbours();
        Program.Netns.Configure(string.Format(CultureInfo.InvariantCulture, router, "del"));
        try
        {
            NeverTaken(data);
        }
        finally
        {
            Program.Netns.Configure(
                $"{string.Format(CultureInfo.InvariantCulture, router, "replace")} lladdr 02:00:00:00:01:0e nud permanent");
        }
        Program.Tables.ForgetNeighbours();
        Assert.True(IsTaken(data, PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void A_checksum_that_is_not_finished_is_for_the_kernel(L4 protocol, Family family)
    {
        var (data, _) = Open(protocol, family, RemoteBackend(family));

        NeverTaken(Unfinished(data));
    }

    /// <summary>The packet as the kernel leaves it to a device: the field holds the sum of the pseudo header.</summary>
    private static byte[] Unfinished(PacketBuilder packet)
    {
        var bytes = packet.Build();
        var (l4, isTcp) = (packet.IsIpv6 ? 54 : 34, packet.Transport is TcpSegment);
        var sum = InternetChecksum.PseudoHeader(
            packet.Source.Address, packet.Destination.Address, (byte)(isTcp ? L4.Tcp : L4.Udp), bytes.Length - l4);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(l4 + (isTcp ? 16 : 6)), (ushort)sum);
        return bytes;
    }

    private void NeverTaken(PacketBuilder packet) => NeverTaken(packet.Build());

    private void NeverTaken(byte[] packet)
    {
        for (var i = 0; i < 5; i++) Assert.False(IsTakenAtOnce(packet, PacketLab.Wan));
    }

    private LbDevice Device(Device device) => Program.Tables.Devices.Lookup((uint)device.Index);
}
