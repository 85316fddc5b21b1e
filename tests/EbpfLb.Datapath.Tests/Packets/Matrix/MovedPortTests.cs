using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// The node begins a connection to a backend, by itself or for a pod that netfilter masquerades, from a source port that a flow has towards
/// the same backend.
/// </summary>
public class MovedPortTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    [Theory]
    [MemberData(nameof(Families))]
    public void It_gets_another_port_and_answers_to_its_own(Family family)
    {
        var taken = Taken(family);
        var syn = FromNode(family, taken, Segments.Opening(L4.Tcp));

        var left = Out(syn, PacketLab.Lan);
        var port = SnatPort(left);

        Assert.NotEqual(taken, port);
        Became(syn.WithSource(syn.Source.Address, port), Verdict.Pass, left);
        var answer = ToNode(family, port, Segments.Answer(L4.Tcp));
        Became(answer.To(syn.Source.Address, taken), Verdict.Pass, In(answer, PacketLab.Lan));
        var data = FromNode(family, taken, Segments.Data(L4.Tcp));
        Became(data.WithSource(syn.Source.Address, port), Verdict.Pass, Out(data, PacketLab.Lan));
        Assert.All(Program.Tables.Flows().Where(e => e.State.ServiceId == 0), e => Assert.Equal(LbCtPhase.Open, e.Phase));
        var more = ToNode(family, port, Segments.Data(L4.Tcp));
        Became(more.To(syn.Source.Address, taken), Verdict.Pass, In(more, PacketLab.Lan));
        Assert.Equal(1ul, Program.Count(LbReason.CtPortMoved));
        // The flow that has the port goes on as before.
        Became(ToNode(family, taken, Segments.Answer(L4.Tcp)).WithSource(Ends.Of(family).Node, NodePort)
                .To(Ends.Of(family).Client, ClientPort).Forwarded(),
            Verdict.Redirect, In(ToNode(family, taken, Segments.Answer(L4.Tcp)), PacketLab.Lan));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_same_segment_again_leaves_from_the_same_port(Family family)
    {
        var syn = FromNode(family, Taken(family), Segments.Opening(L4.Tcp));

        Assert.Equal(SnatPort(Out(syn, PacketLab.Lan)), SnatPort(Out(syn, PacketLab.Lan)));
        Assert.Equal(1ul, Program.Count(LbReason.CtPortMoved));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_port_that_it_got_is_passed_over_by_what_begins_later(Family family)
    {
        var taken = Taken(family);
        var moved = SnatPort(Out(FromNode(family, taken, Segments.Opening(L4.Tcp)), PacketLab.Lan));

        var third = SnatPort(Out(FromNode(family, moved, Segments.Opening(L4.Tcp)), PacketLab.Lan));
        var client = SnatPort(In(FromClient(family, Segments.Opening(L4.Tcp), ClientPort + 1)));

        Assert.Equal(4, new[] { taken, moved, third, client }.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void After_its_end_the_next_one_from_there_begins_anew(Family family)
    {
        var taken = Taken(family);
        var syn = FromNode(family, taken, Segments.Opening(L4.Tcp));
        Out(syn, PacketLab.Lan);
        Out(FromNode(family, taken, new TcpSegment(TcpFlags.Rst | TcpFlags.Ack)), PacketLab.Lan);

        var again = SnatPort(Out(syn, PacketLab.Lan));

        Assert.NotEqual(taken, again);
        Assert.Equal(2ul, Program.Count(LbReason.CtPortMoved));
        Assert.All(Program.Tables.Flows().Where(e => e.State.ServiceId == 0 && e.ToSource.Port == again),
            e => Assert.Equal(LbCtPhase.Answered, e.Phase));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_has_a_port_of_its_own_or_begins_nothing_is_left_alone(Family family)
    {
        var taken = Taken(family);
        Transport[] later = [Segments.Data(L4.Tcp), Segments.Answer(L4.Tcp), new UdpDatagram()];

        foreach (var packet in later.Select(transport => FromNode(family, taken, transport))
            .Append(FromNode(family, taken + 1, Segments.Opening(L4.Tcp))))
            Untouched(packet, Out(packet, PacketLab.Lan));

        Assert.Equal(2, Program.Tables.Flows().Count);
        Assert.Equal(0ul, Program.Count(LbReason.CtPortMoved));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Where_there_is_no_other_port_it_leaves_as_it_came(Family family)
    {
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61000 };
        var syn = FromNode(family, Taken(family), Segments.Opening(L4.Tcp));

        Untouched(syn, Out(syn, PacketLab.Lan));

        Assert.Equal(2, Program.Tables.Flows().Count);
    }

    /// <summary>The source port of a client's open connection.</summary>
    private int Taken(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        return SnatPort(In(FromClient(family, Segments.Opening(L4.Tcp))));
    }

    private static PacketBuilder FromNode(Family family, int port, Transport transport) =>
        PacketBuilder.From(Ends.Of(family).LanAddress, port).To(Ends.Of(family).RemotePod, BackendPort).Over(transport).Payload(7);

    private static PacketBuilder ToNode(Family family, int port, Transport transport) =>
        PacketBuilder.From(Ends.Of(family).RemotePod, BackendPort).To(Ends.Of(family).LanAddress, port).Over(transport).Payload(7);
}
