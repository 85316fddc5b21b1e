using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>What somebody can do who writes others' addresses into packets.</summary>
public class AttackTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(TcpAndUdp))]
    public void An_opening_packet_to_the_backend_itself_ends_no_established_flow(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        Serve(protocol, family, LocalBackend(family));
        var opening = FromClient(family, Segments.Opening(protocol));
        Converse(protocol, opening);
        Assert.Equal(LbCtPhase.Open, Phase());
        var spoofed = PacketBuilder.From(at.Client, ClientPort).To(at.LocalPod, BackendPort).Over(Segments.Opening(protocol)).Payload(0);

        Untouched(spoofed, In(spoofed));

        // The backend's challenge ACK, and what it sends next.
        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Data(protocol));
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
        var data = opening.Over(Segments.Data(protocol));
        Became(data.To(at.LocalPod, BackendPort), Verdict.Pass, In(data));
        Assert.Equal(LbCtPhase.Open, Phase());
    }

    /// <summary>With its queue full it does not count the client's ACK.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_backend_that_repeats_its_answer_to_the_handshake_is_translated(Family family)
    {
        var at = Ends.Of(family);
        Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));

        var answer = PacketBuilder.From(at.LocalPod, BackendPort).To(at.Client, ClientPort).Over(Segments.Answer(L4.Tcp));
        Became(answer.WithSource(at.Node, NodePort), Verdict.Pass, Out(answer));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Half_open_flows_give_their_source_port_back_after_seconds_where_ports_are_short(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61002 };
        var ports = Enumerable.Range(0, 3).Select(i => SnatPort(New(protocol, family, i))).ToArray();
        foreach (var entry in Program.Tables.Flows().Where(e => (e.IsReply ? e.ToDestination : e.Source).Port == ClientPort + 1))
            Age(entry);

        Assert.Equal(ports[1], SnatPort(New(protocol, family, 10)));

        Assert.Equal(1ul, Program.Count(LbReason.CtPortTaken));
        Assert.Equal(6, Program.Tables.Flows().Count);
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void Established_flows_keep_their_source_port_however_idle(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61000 };
        Converse(protocol, FromClient(family, Segments.Opening(protocol)));
        foreach (var entry in Program.Tables.Flows()) Age(entry, 10_000);
        var second = FromClient(family, Segments.Opening(protocol), ClientPort + 1);

        Became(second, Verdict.Drop, In(second));

        Assert.Equal(LbCtPhase.Open, Phase());
    }

    private PacketResult New(L4 protocol, Family family, int client)
        => In(FromClient(family, Segments.Opening(protocol), ClientPort + client));
}
