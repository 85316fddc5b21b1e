using System.Buffers.Binary;
using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Which packets XDP takes. That they leave as they do by tc, and that what it does not take is untouched, every test of packets that come
/// in shows (<see cref="FrontOfStack"/>).
/// </summary>
public sealed class XdpTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private readonly FrontOfStack front = fixture.Program.Front!;

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
        var packet = data.Build();
        In(packet);

        byte[]? byXdp = null;
        // The first packet of a tick is for tc.
        for (var i = 0; i < 5 && byXdp is null; i++)
        {
            In(packet);
            byXdp = Program.Netns.Run(() => front.Run(packet, PacketLab.Wan.Index, keepCounters: true));
        }

        Assert.NotNull(byXdp);
        Assert.Equal(1ul, Program.Count(LbReason.PktXdp));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_first_packet_of_a_flow_in_a_tick_is_for_tc(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));
        foreach (var entry in Program.Tables.Flows()) Age(entry);

        Assert.False(IsTakenAtOnce(data.Build(), PacketLab.Wan));
        Assert.True(IsTaken(data, PacketLab.Wan));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_begins_or_ends_a_flow_or_would_be_answered_is_for_tc(Family family)
    {
        var (data, _) = Open(L4.Tcp, family, RemoteBackend(family));

        NeverTaken(data.Hops(1));
        NeverTaken(data.Payload(1470));
        NeverTaken(data.Vlan(7));
        NeverTaken(data.Vlan(0, priority: 3));
        // Of each the first: a second one changes nothing any more.
        Assert.False(IsTakenAtOnce(data.Over(new TcpSegment(TcpFlags.Fin | TcpFlags.Ack)).Build(), PacketLab.Wan));
        Assert.False(IsTakenAtOnce(data.Over(new TcpSegment(TcpFlags.Rst)).Build(), PacketLab.Wan));
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

    /// <summary>A flow that is open, with what its ends send then.</summary>
    private (PacketBuilder Data, PacketBuilder Reply) Open(L4 protocol, Family family, BackendSpec backend)
    {
        Serve(protocol, family, backend);
        var opening = FromClient(family, Segments.Opening(protocol));
        Converse(protocol, opening);
        var request = Program.Tables.Flows().Single(e => !e.IsReply && e.Protocol == (byte)protocol);
        Assert.Equal(LbCtPhase.Open, request.Phase);
        return (
            opening.Over(Segments.Data(protocol)),
            PacketBuilder.From(request.ToDestination.Address, request.ToDestination.Port)
                .To(request.ToSource.Address, request.ToSource.Port).Over(Segments.Data(protocol)).Payload(100));
    }

    /// <summary>Given again, unless a tick has just begun.</summary>
    private bool IsTaken(PacketBuilder packet, Device device)
    {
        for (var i = 0; i < 5; i++)
        {
            In(packet, device);
            if (IsTakenAtOnce(packet.Build(), device)) return true;
        }
        return false;
    }

    private bool IsTakenAtOnce(byte[] packet, Device device)
    {
        var before = front.Taken;
        Program.Ingress(packet, device);
        return front.Taken > before;
    }

    private void NeverTaken(PacketBuilder packet) => NeverTaken(packet.Build());

    private void NeverTaken(byte[] packet)
    {
        for (var i = 0; i < 5; i++) Assert.False(IsTakenAtOnce(packet, PacketLab.Wan));
    }

    private LbDevice Device(Device device) => Program.Tables.Devices.Lookup((uint)device.Index);
}
