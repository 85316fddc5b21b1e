using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Of flows whose answers do not come by: when they are open, when they end, and whose are none.</summary>
public abstract partial class TunnelTests
{
    /// <summary>Other nodes know those of Node objects, and open no tunnel for others.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_NodePort_at_an_address_of_no_Node_object_is_asked_from_an_address_of_the_node(Family family)
    {
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(family) });
        var opening = FromClient(family, Segments.Opening(L4.Tcp)).To(Ends.Of(family).Node, NodePort);
        Entered(opening.Forwarded(), family, In(opening));
        Program.Tables.ClearFlows();

        Program.Tables.Nodes.Delete(new LbIp6 { Addr = AbiAddress.To16(Ends.Of(family).Node) });
        var result = In(opening);

        Became(Snatted(opening, SnatPort(result)), Verdict.Redirect, result);
    }

    /// <summary>The stack would take its sender for a neighbour: the hop limit is not counted down in a tunnel.</summary>
    [Fact]
    public void What_hides_behind_headers_of_IPv6_does_not_come_out_of_a_tunnel()
    {
        ServeDirect(L4.Tcp, Family.IPv6, LocalBackend(Family.IPv6));
        var toNode = PacketBuilder.From(Peer(Family.IPv6), ClientPort).To(Ends.Of(Family.IPv6).Node, 22).Hops(255).Payload(20);
        PacketBuilder[] hidden =
        [
            toNode.Icmp(136, rest: 0x20000000).With(ExtensionHeader.HopByHop()),
            toNode.Icmp(136).With(ExtensionHeader.Destination()),
            toNode.Over(Segments.Opening(L4.Tcp)).With([.. Enumerable.Range(0, 9).Select(_ => ExtensionHeader.Destination())]),
            toNode.Over(Segments.Opening(L4.Tcp)).With(ExtensionHeader.Routing(segmentsLeft: 1)),
        ];
        foreach (var packet in hidden) Assert.Equal(Verdict.Drop, In(InTunnel(packet, Family.IPv6, fromPeer: true)).Verdict);

        Counted((LbReason.PktFromNode, (ulong)hidden.Length), (LbReason.DropTunnel, (ulong)hidden.Length));
    }

    /// <summary>The other side's FIN never comes by.</summary>
    [Fact]
    public void A_client_that_ends_its_connection_ends_the_flow()
    {
        ServeDirect(L4.Tcp, Family.IPv4, RemoteBackend(Family.IPv4) with { Node = Peer(Family.IPv4) });
        In(ToVip(Family.IPv4));
        In(ToVip(Family.IPv4).Over(Segments.Data(L4.Tcp)));
        In(ToVip(Family.IPv4).Over(new TcpSegment(TcpFlags.Fin | TcpFlags.Ack)));
        Assert.Equal(LbCtPhase.Closed, Assert.Single(Program.Tables.Flows()).Phase);

        // Whoever writes a FIN and a SYN into packets takes no connection over whose client goes on.
        In(ToVip(Family.IPv4));
        Assert.Equal(LbCtPhase.Closed, Assert.Single(Program.Tables.Flows()).Phase);

        // The port again, for another connection.
        Age(Program.Tables.Flows().Single());
        In(ToVip(Family.IPv4));
        Assert.Equal(LbCtPhase.New, Assert.Single(Program.Tables.Flows()).Phase);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_client_that_asks_again_later_has_a_conversation(Family family)
    {
        ServeDirect(L4.Udp, family, RemoteBackend(family) with { Node = Peer(family) });
        var question = FromClient(family, Segments.Opening(L4.Udp));
        In(question);
        In(question);
        Assert.Equal(LbCtPhase.Answered, Assert.Single(Program.Tables.Flows()).Phase);

        AgeQuestions();
        In(question);

        Assert.Equal(LbCtPhase.Open, Assert.Single(Program.Tables.Flows()).Phase);
    }

    /// <summary>The backend may be on that node, where nobody outside has its address.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void What_another_node_asks_from_its_own_address_is_masqueraded(Family family)
    {
        ServeDirect(L4.Tcp, family, RemoteBackend(family) with { Node = Peer(family) });
        var opening = PacketBuilder.From(Peer(family), ClientPort).To(Ends.Of(family).Node, NodePort).Over(Segments.Opening(L4.Tcp));

        var result = In(opening);

        Became(Snatted(opening, SnatPort(result)), Verdict.Redirect, result);
    }
}
