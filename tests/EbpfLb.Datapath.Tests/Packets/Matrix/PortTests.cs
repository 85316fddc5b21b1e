using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>Source ports of this node: a range of few, used up.</summary>
public class PortTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    /// <summary>From a place that is taken to the next that is tried (LB_SNAT_APART).</summary>
    private const int Step = 1021;

    [Contract("5.2", "note 6: SNAT to an address of the device, any free port; no mark bits")]
    [Theory]
    [MemberData(nameof(Talks))]
    public void Every_port_is_used_before_it_is_said_that_there_is_none(L4 protocol, Family family)
    {
        Serve(protocol, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61002 };

        var ports = Enumerable.Range(0, 3).Select(i => SnatPort(New(protocol, family, i))).ToArray();
        var sent = FromClient(family, Segments.Opening(protocol), 50000);
        var refused = In(sent);

        Assert.Equal([61000, 61001, 61002], ports.Order());
        Became(sent, Verdict.Drop, refused);
        Assert.Equal(1ul, Program.Count(LbReason.DropSnatPorts));
        Assert.Equal(LbReason.DropSnatPorts, (LbReason)Assert.Single(Program.Events()).Reason);
        Assert.Equal(6, Program.Tables.Flows().Count);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_same_port_serves_towards_another_backend(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61000 };
        Assert.Equal(61000, SnatPort(New(L4.Tcp, family, 0)));

        Program.Serve(
            new ServiceSpec((byte)L4.Tcp, new FrontendSpec(Any(family), NodePort, LbServiceFlag.External | LbServiceFlag.NodePort))
        {
            Backends = [new BackendSpec(Ends.Of(family).NarrowPod, BackendPort)],
        });

        Assert.Equal(61000, SnatPort(New(L4.Tcp, family, 1)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_port_that_nobody_has_is_preferred_to_one_of_a_closed_connection(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61002 };
        var closed = SnatPort(New(L4.Tcp, family, 0));
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));

        int[] ports = [closed, SnatPort(New(L4.Tcp, family, 1)), SnatPort(New(L4.Tcp, family, 2))];

        Assert.Equal([61000, 61001, 61002], ports.Order());
        Assert.Equal(0ul, Program.Count(LbReason.CtPortTaken));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_port_of_a_closed_connection_is_given_away_when_there_is_no_other(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 61000, SnatPortLast = 61002 };
        var ports = Enumerable.Range(0, 3).Select(i => SnatPort(New(L4.Tcp, family, i))).ToArray();
        In(FromClient(family, new TcpSegment(TcpFlags.Rst), ClientPort + 1));

        Assert.Equal(ports[1], SnatPort(New(L4.Tcp, family, 10)));

        Assert.Equal(1ul, Program.Count(LbReason.CtPortTaken));
        Assert.Equal([0, 2, 10], Program.Tables.Flows().Where(e => !e.IsReply).Select(e => e.Source.Port - ClientPort).Order());
        Assert.Equal(6, Program.Tables.Flows().Count);
    }

    /// <summary>
    /// A backend in TIME_WAIT takes a SYN for the next connection only if sequence numbers and timestamps are those of the same client
    /// port.
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Each_port_of_a_client_has_one_source_port_of_its_own(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 1024, SnatPortLast = 29999 };

        var rounds = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 300).Select(Opened).ToList()).ToList();

        Assert.Equal(300, rounds[0].Distinct().Count());
        Assert.Equal(rounds[0], rounds[1]);
        Assert.Equal(rounds[0], rounds[2]);

        int Opened(int client)
        {
            var port = SnatPort(New(L4.Tcp, family, client));
            In(FromClient(family, new TcpSegment(TcpFlags.Rst), ClientPort + client));
            return port;
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Beside_a_port_that_is_held_only_one_flow_gives_up_its_place(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 1024, SnatPortLast = 1024 + 3999 };
        var held = SnatPort(New(L4.Tcp, family, 0));

        // From 4,000 further the same places are asked for again, one after the other.
        var ports = Enumerable.Range(0, 20).Select(i => SnatPort(New(L4.Tcp, family, 4000 + i))).ToArray();

        Assert.NotEqual(held, ports[0]);
        Assert.Equal(Enumerable.Range(1, 19).Select(i => 1024 + (held - 1024 + i) % 4000), ports[1..]);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_port_of_a_closed_connection_is_left_alone_by_other_clients_while_there_are_others(Family family)
    {
        Serve(L4.Tcp, family, RemoteBackend(family));
        Program.Settings = Program.Settings with { SnatPortFirst = 1024, SnatPortLast = 1024 + 99 };
        var closed = SnatPort(New(L4.Tcp, family, 0));
        In(FromClient(family, new TcpSegment(TcpFlags.Rst)));

        // A hundred ports further begins the same search.
        var other = SnatPort(New(L4.Tcp, family, 100));

        Assert.Equal(1024 + (closed - 1024 + Step) % 100, other);
        Assert.Equal(0ul, Program.Count(LbReason.CtPortTaken));
    }

    [Theory]
    [MemberData(nameof(Talks))]
    public void A_reply_that_no_flow_waits_for_is_told(L4 protocol, Family family)
    {
        var at = Ends.Of(family);
        var lost = PacketBuilder.From(at.RemotePod, BackendPort).To(at.LanAddress, 61234).Over(Segments.Data(protocol)).Payload(9);

        Untouched(lost, In(lost, PacketLab.Lan));

        Counted((LbReason.PktReplyLost, 1));
        Assert.Equal(LbReason.PktReplyLost, (LbReason)Assert.Single(Program.Events()).Reason);
    }

    /// <summary>Of a port of the node that netfilter gives to a pod (hostPort).</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_of_a_client_is_no_reply_whatever_its_ports_are(Family family)
    {
        var at = Ends.Of(family);
        var first = PacketBuilder.From(at.Client, 20_000).To(at.LanAddress, 61234).Over(Segments.Data(L4.Udp)).Payload(9);

        Untouched(first, In(first, PacketLab.Lan));

        Counted((LbReason.PktPassed, 1));
        Assert.Empty(Program.Events());
    }

    private PacketResult New(L4 protocol, Family family, int client)
        => In(FromClient(family, Segments.Opening(protocol), ClientPort + client));
}
