using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Fragments;

/// <summary>Datagrams in pieces: all of them go where the first one goes.</summary>
public class FragmentTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int Piece = 104;

    /// <summary>How often a fragment goes round for its first one (LB_FRAG_ROUNDS).</summary>
    private const int Rounds = 2;

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Fragments_in_order_follow_the_first_one_to_this_node(L4 protocol, Family family)
    {
        Serve(protocol, family, LocalBackend(family));
        var whole = FromClient(family, Segments.Data(protocol)).Payload(400);

        All(whole.To(Ends.Of(family).LocalPod, BackendPort), Verdict.Pass, whole.Fragments(Piece).Select(f => In(f)));

        OnlyFlow();
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Fragments_in_order_follow_the_first_one_to_another_node(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        var whole = FromClient(family, Segments.Data(protocol)).Payload(400);

        var results = whole.Fragments(Piece).Select(f => In(f)).ToArray();

        All(Snatted(whole, SnatPort(results[0])), Verdict.Redirect, results);
    }

    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void Fragments_of_replies_follow_too(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(protocol)));
        var reply = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Data(protocol)).Payload(400);
        All(reply.WithSource(at.Node, NodePort), Verdict.Pass, reply.Fragments(Piece).Select(f => Out(f)));

        Program.Reset();
        Serve(protocol, family, RemoteBackend(family));
        var port = SnatPort(In(FromClient(family, Segments.Opening(protocol))));
        reply = reply.WithSource(at.RemotePod, BackendPort).To(at.LanAddress, port);
        All(
            reply.WithSource(at.Node, NodePort).To(at.Client, ClientPort).Forwarded(), Verdict.Redirect,
            reply.Fragments(Piece).Select(f => In(f, PacketLab.Lan)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fragment_that_overtook_its_first_one_goes_round_until_that_is_there(Family family)
    {
        Serve(L4.Udp, family, LocalBackend(family));
        var whole = FromClient(family, new UdpDatagram()).Payload(300);
        var pieces = whole.Fragments(Piece);
        var expected = whole.To(Ends.Of(family).LocalPod, BackendPort).Fragments(Piece);

        var early = In(pieces[1]);
        Became(pieces[1], Verdict.Redirect, early);
        Counted((LbReason.PktFragWait, 1));
        In(pieces[0]);

        Became(expected[1], Verdict.Pass, In(early.Packet));
        Became(expected[2], Verdict.Pass, In(pieces[2]));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fragment_whose_first_one_never_comes_goes_on_untouched_in_the_end(Family family)
    {
        Serve(L4.Udp, family, LocalBackend(family));
        var late = FromClient(family, new UdpDatagram()).Payload(300).Fragments(Piece)[1];

        var result = Program.Run(LbCtHook.Ingress, late, new SkbContext(PacketLab.Wan.Index), repeat: Rounds + 1);

        Became(late, Verdict.Pass, result);
        Counted((LbReason.PktFragWait, Rounds), (LbReason.PktFragLost, 1));
    }

    /// <summary>
    /// Its client has a flow, so that a datagram of it is looked at wherever it goes; nobody else's fragments go round for that.
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_fragment_without_a_first_one_does_not_go_round_for_a_destination_that_is_none_of_ours(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Udp, family, LocalBackend(family));
        In(FromClient(family, new UdpDatagram()));
        foreach (var elsewhere in (IPAddress[])[at.Router, at.UnreachablePod])
        {
            var before = Program.Count(LbReason.PktPassed) + Program.Count(LbReason.PktFragLost);
            var late = FromClient(family, new UdpDatagram()).To(elsewhere, NodePort).Payload(300).Fragments(Piece)[1];

            Became(late, Verdict.Pass, In(late));

            Assert.Equal(before + 1, Program.Count(LbReason.PktPassed) + Program.Count(LbReason.PktFragLost));
        }
        Assert.Equal(0ul, Program.Count(LbReason.PktFragWait));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Datagrams_with_another_id_are_told_apart(Family family)
    {
        Serve(L4.Udp, family, LocalBackend(family));
        var first = FromClient(family, new UdpDatagram()).Payload(300);
        var other = (first with { Id = 77 }).To(Ends.Of(family).Node, NodePort + 1);

        In(first.Fragments(Piece)[0]);
        In(other.Fragments(Piece)[0]);

        Became(other.Fragments(Piece)[1], Verdict.Pass, In(other.Fragments(Piece)[1]));
        Became(first.To(Ends.Of(family).LocalPod, BackendPort).Fragments(Piece)[1], Verdict.Pass, In(first.Fragments(Piece)[1]));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_first_fragment_too_short_for_its_header_goes_on_untouched(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        var pieces = FromClient(family, Segments.Data(L4.Tcp)).Payload(100).Fragments(16);

        Became(pieces[0], Verdict.Pass, In(pieces[0]));

        Assert.Empty(Program.Tables.Flows());
    }

    /// <summary>Later fragments show only what the fragment header names: a datagram with more headers behind it stays whole.</summary>
    [Fact]
    public void A_datagram_with_headers_behind_its_fragment_header_is_left_alone_all_of_it()
    {
        Serve(L4.Udp, Family.IPv6, LocalBackend(Family.IPv6));
        var whole = FromClient(Family.IPv6, new UdpDatagram()).Payload(300).With(ExtensionHeader.Destination());

        foreach (var piece in whole.Fragments(Piece)) Became(piece, Verdict.Pass, In(piece));

        Counted((LbReason.PktPassed, 4));
    }

    [Fact]
    public void Headers_before_the_fragment_header_stay()
    {
        Serve(L4.Udp, Family.IPv6, LocalBackend(Family.IPv6));
        var whole = FromClient(Family.IPv6, new UdpDatagram()).Payload(300).With(ExtensionHeader.HopByHop(), ExtensionHeader.Routing());

        All(whole.To(Ends.Of(Family.IPv6).LocalPod, BackendPort), Verdict.Pass, whole.Fragments(Piece).Select(f => In(f)));
    }

    /// <summary>
    /// The checksum of SCTP is that of the whole, and a first fragment does not have that: it can be helped only if its ports stay.
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_first_fragment_of_SCTP_whose_ports_would_change_is_dropped_and_opens_no_flow(Family family)
    {
        var piece = FromClient(family, Segments.Opening(L4.Sctp)).Payload(400).Fragments(Piece)[0];
        foreach (var backend in (BackendSpec[])[LocalBackend(family), RemoteBackend(family)])
        {
            Program.Reset();
            Serve(L4.Sctp, family, backend);

            Assert.Equal(Verdict.Drop, Program.Ingress(piece).Verdict);

            Assert.Empty(Program.Tables.Flows());
            Assert.Equal(1ul, Program.Count(LbReason.DropRewrite));
            Assert.Equal(LbReason.DropRewrite, (LbReason)Assert.Single(Program.Events()).Reason);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_first_fragment_of_SCTP_that_cannot_be_helped_costs_an_association_nothing(Family family)
    {
        Serve(L4.Sctp, family, LocalBackend(family));
        In(FromClient(family, Segments.Opening(L4.Sctp)));

        Assert.Equal(Verdict.Drop, Program.Ingress(FromClient(family, Segments.Data(L4.Sctp)).Payload(400).Fragments(Piece)[0]).Verdict);

        OnlyFlow();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Fragments_of_SCTP_whose_ports_stay_follow_the_first_one(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Sctp, family, new BackendSpec(at.LocalPod, NodePort, OnThisNode: true));
        var whole = FromClient(family, Segments.Opening(L4.Sctp)).Payload(400);

        All(whole.To(at.LocalPod, NodePort), Verdict.Pass, whole.Fragments(Piece).Select(f => In(f)));

        OnlyFlow();
    }

    private static void All(PacketBuilder expected, Verdict verdict, IEnumerable<PacketResult> results)
    {
        var pieces = expected.Fragments(Piece);
        var became = results.ToArray();
        Assert.Equal(pieces.Length, became.Length);
        for (var i = 0; i < pieces.Length; i++) Became(pieces[i], verdict, became[i]);
    }
}
