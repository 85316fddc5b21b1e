using System.Buffers.Binary;
using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

public sealed class IpIpTests(IpIpFixture fixture) : TunnelTests(fixture), IClassFixture<IpIpFixture>;

public sealed class GeneveTests(GeneveFixture fixture) : TunnelTests(fixture), IClassFixture<GeneveFixture>;

[InFront]
public sealed class IpIpInFrontTests(IpIpFixture fixture) : TunnelTests(fixture), IClassFixture<IpIpFixture>;

[InFront]
public sealed class GeneveInFrontTests(GeneveFixture fixture) : TunnelTests(fixture), IClassFixture<GeneveFixture>;

/// <summary>Direct server return: into the tunnel on the node that the client asked, out of it on the backend's.</summary>
public abstract partial class TunnelTests : PacketTest
{
    private readonly LbTunnel kind;

    private protected TunnelTests(TunnelFixture fixture)
        : base(fixture.Program)
    {
        kind = fixture.Kind;
        var (four, six) = (Ends.Of(Family.IPv4), Ends.Of(Family.IPv6));
        Program.Settings = Program.Settings with { Node4 = AbiAddress.To4(four.Node), Node6 = AbiAddress.To16(six.Node) };
        foreach (var node in (IPAddress[])[four.Node, six.Node, Peer(Family.IPv4), Peer(Family.IPv6)])
            Program.Tables.Nodes.Update(new LbIp6 { Addr = AbiAddress.To16(node) }, 1);
    }

    /// <summary>The family of the packets and of the tunnel.</summary>
    public static TheoryData<L4, Family, Family> Tunnels
    {
        get
        {
            var data = new TheoryData<L4, Family, Family>();
            foreach (var protocol in Protocols)
            {
                data.Add(protocol, Family.IPv4, Family.IPv4);
                data.Add(protocol, Family.IPv6, Family.IPv6);
                data.Add(protocol, Family.IPv4, Family.IPv6);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Tunnels))]
    public void A_packet_to_another_node_goes_as_it_is_in_a_tunnel(L4 protocol, Family family, Family outer)
    {
        ServeDirect(protocol, family, RemoteBackend(family) with { Node = Peer(outer) });
        var opening = FromClient(family, Segments.Opening(protocol));
        var data = FromClient(family, Segments.Data(protocol)) with { DontFragment = true };

        Entered(opening.Forwarded(), outer, In(opening));
        Entered(data.Forwarded(), outer, In(data));

        var entry = Assert.Single(Program.Tables.Flows());
        // Beside it UDP has its age.
        Assert.Equal(LbCtFlag.Direct, entry.Flags & ~(LbCtFlag.Rst | LbCtFlag.Unacked));
        Assert.Equal((uint)PacketLab.Lan.Index, entry.State.Oif);
        Assert.Equal(protocol == L4.Udp ? LbCtPhase.Answered : LbCtPhase.Open, entry.Phase);
        Counted((LbReason.PktNew, 1), (LbReason.PktToNode, 2));
    }

    [Theory]
    [InlineData(Family.IPv4, Family.IPv4)]
    [InlineData(Family.IPv6, Family.IPv6)]
    [InlineData(Family.IPv4, Family.IPv6)]
    public void In_front_of_the_stack_packets_of_an_open_flow_leave_as_they_do_by_tc(Family family, Family outer)
    {
        Program.HasFront = true;
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(outer) });
        In(ToVip(family));
        var data = ToVip(family).Over(Segments.Data(L4.Tcp));
        var before = Program.Front!.Taken;

        // The first packet to a neighbour in each tick is for tc. That both make the same of it is seen to in each run.
        for (var i = 0; i < 5 && Program.Front.Taken == before; i++) Entered(data.Forwarded(), outer, In(data));

        Assert.NotEqual(before, Program.Front.Taken);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_priority_tag_makes_no_difference(Family family)
    {
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(family) });
        var opening = FromClient(family, Segments.Opening(L4.Tcp));

        Entered(opening.Forwarded(), family, Program.Ingress(opening.Vlan(0, priority: 3).Build()));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Where_no_tunnel_can_go_the_flow_has_an_address_of_the_node(Family family)
    {
        ServeDirect(L4.Tcp, family, RemoteBackend(family));
        Assert.InRange(SnatPort(In(FromClient(family, Segments.Opening(L4.Tcp)))), 1, ushort.MaxValue);

        Program.Reset();
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(family) });
        // This node has no address that is known.
        Program.Settings = Program.Settings with { Node4 = default, Node6 = default };
        Assert.InRange(SnatPort(In(FromClient(family, Segments.Opening(L4.Tcp)))), 1, ushort.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Tunnels))]
    public void Out_of_the_tunnel_it_goes_to_a_backend_which_answers_with_the_frontends_address(L4 protocol, Family family, Family outer)
    {
        ServeDirect(protocol, family, LocalBackend(family), RemoteBackend(family) with { Node = Peer(family) });
        var at = Ends.Of(family);
        var opening = PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort).Over(Segments.Opening(protocol)).Payload(33);

        Became(opening.To(at.LocalPod, BackendPort), Verdict.Pass, In(InTunnel(opening, outer, fromPeer: true)));
        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(protocol));
        Became(answer.WithSource(at.Vip, ServicePort), Verdict.Pass, Out(answer));

        Assert.Equal(LbCtFlag.Stack, OnlyFlow().Request.Flags);
        Counted((LbReason.PktFromNode, 1), (LbReason.PktNew, 1), (LbReason.PktToLocal, 1), (LbReason.PktReply, 1));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_NodePort_of_the_other_node_is_known_in_a_tunnel_and_nowhere_else(Family family)
    {
        ServeDirect(L4.Tcp, family, LocalBackend(family));
        var at = Ends.Of(family);
        var opening = PacketBuilder.From(at.Client, ClientPort).To(Peer(family), NodePort).Over(Segments.Opening(L4.Tcp));

        Untouched(opening, In(opening));
        Became(opening.To(at.LocalPod, BackendPort), Verdict.Pass, In(InTunnel(opening, family, fromPeer: true)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Who_is_no_node_has_no_tunnel(Family family)
    {
        ServeDirect(L4.Tcp, family, LocalBackend(family));
        var packet = InTunnel(ToVip(family), family, fromPeer: true);
        Program.Tables.Nodes.Delete(new LbIp6 { Addr = AbiAddress.To16(Peer(family)) });

        Became(packet, Verdict.Pass, In(packet));

        Assert.Equal(1ul, Program.Count(LbReason.PktTunnelForeign));
        Assert.Empty(Program.Tables.Flows());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_pod_is_no_node_and_what_is_for_another_machine_is_not_ours(Family family)
    {
        ServeDirect(L4.Tcp, family, LocalBackend(family));
        var packet = InTunnel(ToVip(family), family, fromPeer: true);

        Became(packet, Verdict.Pass, In(packet, PacketLab.Pods));
        var elsewhere = InTunnel(ToVip(family).Ethernet(LinkHeader.Default.Reversed), family, fromPeer: true);
        Became(elsewhere, Verdict.Pass, In(elsewhere));

        Assert.Empty(Program.Tables.Flows());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_tunnel_of_a_CNI_between_the_same_nodes_is_left_alone(Family family)
    {
        ServeDirect(L4.Tcp, family, LocalBackend(family));
        var at = Ends.Of(family);
        foreach (var inside in new[]
        {
            PacketBuilder.From(at.RemotePod, 5000).To(at.LocalPod, BackendPort).Over(Segments.Data(L4.Tcp)),
            PacketBuilder.From(at.RemotePod).To(at.LocalPod).Icmp(family == Family.IPv4 ? (byte)8 : (byte)128).Payload(33),
            // The filter knows these addresses.
            PacketBuilder.From(Peer(family)).To(at.Node).Icmp(family == Family.IPv4 ? (byte)8 : (byte)128).Payload(33),
            PacketBuilder.From(at.Client).To(at.Vip).Icmp(family == Family.IPv4 ? (byte)8 : (byte)128).Payload(33),
            PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort + 1).Over(Segments.Opening(L4.Tcp)),
        })
        {
            var packet = InTunnel(inside, family, fromPeer: true);
            Became(packet, Verdict.Pass, In(packet));
        }
        Assert.Equal(0ul, Program.Count(LbReason.PktFromNode));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_backend_of_its_own_the_node_sends_on_and_not_in_a_tunnel_again(Family family)
    {
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(family) });
        var opening = ToVip(family);

        var result = In(InTunnel(opening, family, fromPeer: true));

        Became(Snatted(opening, SnatPort(result)), Verdict.Redirect, result);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_flow_that_is_forgotten_finds_its_backend_again(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        ServeDirect(protocol, family, LocalBackend(family), LocalBackend(family) with { Port = BackendPort + 1 });
        var used = new HashSet<IPEndPoint>();
        for (var port = 0; port < 20; port++)
        {
            var packet = PacketBuilder.From(at.Client, ClientPort + port).To(at.Vip, ServicePort);
            var first = Destination(In(InTunnel(packet.Over(Segments.Opening(protocol)), family, fromPeer: true)));
            used.Add(first);
            Program.Tables.ClearFlows();
            Assert.Equal(first, Destination(In(InTunnel(packet.Over(Segments.Data(protocol)), family, fromPeer: true))));
        }
        Assert.Equal(2, used.Count);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_headers_of_the_tunnel_count_and_too_long_is_answered_with_what_fits(Family family)
    {
        var at = Ends.Of(family);
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = at.NarrowPod });
        In(FromClient(family, Segments.Opening(L4.Tcp)));
        var head = (family == Family.IPv4 ? 20 : 40) + (kind == LbTunnel.Geneve ? TunnelHeaders.GeneveBytes : 0);
        var empty = (FromClient(family, Segments.Data(L4.Tcp)) with { DontFragment = true }).Payload(0);
        var room = PacketLab.NarrowMtu - head + 14 - empty.Build().Length;

        Assert.Equal(Verdict.Redirect, In(empty.Payload(room)).Verdict);
        Assert.Equal(PacketLab.NarrowMtu + 14, In(empty.Payload(room)).Packet.Length);
        var answer = PacketReader.Read(Answered(empty.Payload(room + 1)).Packet);

        Assert.Equal((ulong)(PacketLab.NarrowMtu - head), answer.Number("icmp.rest") & 0xffff);
        Assert.Equal((at.Node, at.Client), (answer.Ip.Source.Address, answer.Ip.Destination.Address));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void An_error_from_the_way_to_the_client_reaches_the_backend(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var service = ServeDirect(protocol, family, RemoteBackend(family) with { Node = Peer(family) });
        In(ToVip(family).Over(Segments.Opening(protocol)));
        var lost = PacketBuilder.From(at.Vip, ServicePort).To(at.Client, ClientPort).Over(Segments.Data(protocol)).Payload(40);
        var error = PacketBuilder.From(at.Router).To(at.Vip).IcmpError(family == Family.IPv4 ? (byte)3 : (byte)2, family == Family.IPv4
            ? (byte)4 : (byte)0, lost, rest: 1400);

        Entered(error.Forwarded(), family, In(error));

        // The same as the backend's node meets it.
        Program.Tables.ClearFlows();
        Program.Replace(service, LocalBackend(family));
        In(InTunnel(ToVip(family).Over(Segments.Opening(protocol)), family, fromPeer: true));
        var arrived = PacketReader.Read(In(InTunnel(error, family, fromPeer: true)).Packet);
        Assert.Equal(at.LocalPod, arrived.Ip.Destination.Address);
        Assert.Equal(new IPEndPoint(at.LocalPod, BackendPort), arrived.Inner!.Source);
        Assert.Equal(new IPEndPoint(at.Client, ClientPort), arrived.Inner.Destination);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Fragments_follow_their_first_one_through_the_tunnel(Family family)
    {
        var at = Ends.Of(family);
        ServeDirect(L4.Udp, family, RemoteBackend(family) with { Node = Peer(family) });
        var pieces = ToVip(family).Udp().Payload(600).Fragments(256);

        foreach (var piece in pieces) Assert.Equal(Verdict.Redirect, In(piece).Verdict);

        Assert.Equal((ulong)pieces.Length, Program.Count(LbReason.PktToNode));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Session_affinity_is_remembered_when_the_client_goes_on(Family family)
    {
        Program.Serve(Spec(L4.Tcp, family) with
        {
            Flags = LbServiceFlag.Dsr, AffinitySeconds = 60, Backends = [RemoteBackend(family) with { Node = Peer(family) }],
        });
        In(ToVip(family));
        Assert.Empty(Program.Tables.Affinity.Keys());

        In(ToVip(family).Over(Segments.Data(L4.Tcp)));
        In(ToVip(family).Over(Segments.Data(L4.Tcp)));

        Assert.Equal(AbiAddress.To16(Ends.Of(family).Client), AbiBytes.From<Be32x4>(AbiBytes.Of(
            Assert.Single(Program.Tables.Affinity.Keys()).Client)));
    }

    [Theory]
    [InlineData(Family.IPv4, 8960, TunnelFixture.Mss)]
    [InlineData(Family.IPv4, 1000, 1000)]
    [InlineData(Family.IPv6, 8940, TunnelFixture.Mss - 20)]
    public void Backends_announce_no_longer_segment_than_the_option_says(Family family, int announced, int heard)
    {
        var at = Ends.Of(family);
        ServeDirect(L4.Tcp, family, LocalBackend(family));
        In(InTunnel(ToVip(family), family, fromPeer: true));
        foreach (byte[] before in (byte[][])[[], [1, 1], [4, 2]])
        {
            var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort);
            PacketBuilder Announcing(int mss) => answer.Over(new TcpSegment(TcpFlags.Syn | TcpFlags.Ack, 5000, 1001)
            {
                Options = [.. before, 2, 4, (byte)(mss >> 8), (byte)mss, .. new byte[before.Length & 3]],
            });

            Became(Announcing(heard).WithSource(at.Vip, ServicePort), Verdict.Pass, Out(Announcing(announced)));
        }
    }

    /// <summary>As <see cref="PacketTest.In(byte[], Device?)"/>, but UDP around a tunnel has no checksum, as RFC 6935 allows.</summary>
    private new PacketResult In(byte[] packet, Device? device = null)
        => Program.Run(LbCtHook.Ingress, packet, new SkbContext((device ?? PacketLab.Wan).Index), checksumComplete: true);

    private new PacketResult In(PacketBuilder packet, Device? device = null) => In(packet.Build(), device);

    private static IPEndPoint Destination(PacketResult result) => PacketReader.Read(result.Packet).Ip.Destination;

    private static PacketBuilder ToVip(Family family)
    {
        var at = Ends.Of(family);
        return PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort).Over(Segments.Opening(L4.Tcp)).Payload(33);
    }

    /// <summary>The other node: what is to it leaves by the device of the other backends.</summary>
    private static IPAddress Peer(Family family) => Ends.Of(family).RemotePod is var pod && family == Family.IPv4
        ? IPAddress.Parse("10.244.2.1") : IPAddress.Parse("fd00:244:2::1");

    private ServedService ServeDirect(L4 protocol, Family family, params BackendSpec[] backends)
        => Program.Serve(Spec(protocol, family) with { Flags = LbServiceFlag.Dsr, Backends = backends });

    /// <summary>The packet left in a tunnel.</summary>
    private void Entered(PacketBuilder packet, Family outer, PacketResult result)
    {
        var expected = InTunnel(packet, outer);
        if (kind == LbTunnel.Geneve)
        {
            var port = 14 + (outer == Family.IPv4 ? 20 : 40);
            Assert.InRange(BinaryPrimitives.ReadUInt16BigEndian(result.Packet.AsSpan(port)), 32768, ushort.MaxValue);
            result.Packet.AsSpan(port, 2).CopyTo(expected.AsSpan(port));
        }
        Became(expected, Verdict.Redirect, result);
    }

    private byte[] InTunnel(PacketBuilder packet, Family outer, bool fromPeer = false) => InTunnel(packet.Build(), packet, outer, fromPeer);

    /// <summary>The frame with the outer headers, from this node to the other one or the other way round.</summary>
    private byte[] InTunnel(byte[] frame, PacketBuilder packet, Family outer, bool fromPeer)
    {
        var inner = frame[14..];
        var (source, destination) = fromPeer ? (Peer(outer), Ends.Of(outer).Node) : (Ends.Of(outer).Node, Peer(outer));
        byte protocol = packet.IsIpv6 ? (byte)41 : (byte)4;
        if (kind == LbTunnel.Geneve)
        {
            var port = fromPeer ? (ushort)40_000 : (ushort)0;
            inner = [.. TunnelHeaders.Geneve(port, inner.Length, packet.IsIpv6), .. inner];
            protocol = 17;
        }
        var type = outer == Family.IPv4 ? (byte[])[8, 0] : [0x86, 0xdd];
        return [.. frame[..12], .. type, .. TunnelHeaders.Outer(outer, source, destination, protocol, inner.Length), .. inner];
    }
}
