using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

[InFront]
public sealed class TraceInFrontTests(TrafficFixture fixture) : TraceTests(fixture);

/// <summary>What programs tell of flows that begin and end while they are traced (bpf/lib/lb_trace.h).</summary>
public class TraceTests(TrafficFixture fixture) : PacketTest(fixture.Program), IClassFixture<TrafficFixture>
{
    private static readonly FlowClock Clock = new(TimeProvider.System);

    public static TheoryData<L4, Family, bool> Ways => LoadTests.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_new_flow_is_told_once_with_all_that_is_known_and_its_other_packets_are_not(L4 protocol, Family family, bool local)
    {
        var before = DateTimeOffset.UtcNow - FlowClock.Tick;
        Program.Serve(Spec(protocol, family) with { Backends = [LocalBackend(family)] });
        var service = Program.Serve(new ServiceSpec(
            (byte)protocol, new FrontendSpec(Any(family), NodePort, LbServiceFlag.External | LbServiceFlag.NodePort))
        {
            Backends = [local ? LocalBackend(family) : RemoteBackend(family)],
        });
        Trace(TraceBits.All);

        var snat = SourceOf(Converse(protocol, FromClient(family, Segments.Opening(protocol))), family, local);

        var told = Assert.Single(Traces());
        var at = Ends.Of(family);
        Assert.Equal(
            new TraceEvent(
                told.Time, LbTraceKind.Opened, Hook(protocol), (byte)protocol, End(at.Client, ClientPort), End(at.Node, NodePort),
                End(local ? at.LocalPod : at.RemotePod, BackendPort), snat, null, (uint)PacketLab.Wan.Index, null, 0, service.Id),
            told);
        Assert.InRange(told.Time, before, DateTimeOffset.UtcNow + FlowClock.Tick);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Nothing_is_told_while_nobody_looks_on_or_after_the_time_or_of_another_service(Family family)
    {
        var service = Serve(L4.Tcp, family, LocalBackend(family));
        var port = ClientPort;

        Assert.Equal(0, ToldOfNext());
        Program.Tables.Traces.Trace(TraceBits.All, Clock.Now - 1);
        Assert.Equal(0, ToldOfNext());
        Trace(TraceBits.Of(service.Id + 1));
        Assert.Equal(0, ToldOfNext());
        Trace(TraceBits.Of(service.Id));
        Assert.Equal(1, ToldOfNext());
        Program.Tables.Traces.Stop();
        Assert.Equal(0, ToldOfNext());
        Assert.Equal(5ul, Program.Count(LbReason.PktNew));

        int ToldOfNext()
        {
            In(FromClient(family, Segments.Opening(L4.Tcp), port++));
            return Traces().Count;
        }
    }

    [Theory]
    [InlineData(Family.IPv4, true)]
    [InlineData(Family.IPv4, false)]
    [InlineData(Family.IPv6, true)]
    [InlineData(Family.IPv6, false)]
    public void Its_end_is_told_once_whoever_ends_it(Family family, bool local)
    {
        Serve(L4.Tcp, family, local ? LocalBackend(family) : RemoteBackend(family));
        foreach (var (kind, packets) in new (LbTraceKind, (bool Client, TcpFlags Flags)[])[]
        {
            (LbTraceKind.Closed, [(true, TcpFlags.Fin | TcpFlags.Ack), (false, TcpFlags.Fin | TcpFlags.Ack), (true, TcpFlags.Ack)]),
            (LbTraceKind.Closed, [(false, TcpFlags.Fin | TcpFlags.Ack), (true, TcpFlags.Fin | TcpFlags.Ack), (false, TcpFlags.Ack)]),
            (LbTraceKind.Reset, [(true, TcpFlags.Rst), (true, TcpFlags.Rst)]),
            (LbTraceKind.Reset, [(false, TcpFlags.Rst), (false, TcpFlags.Rst | TcpFlags.Ack)]),
        })
        {
            Program.Tables.ClearFlows();
            Trace(TraceBits.All);
            Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));
            var begun = Assert.Single(Traces());
            var request = OnlyFlow().Request;

            foreach (var (client, flags) in packets)
            {
                if (client) In(FromClient(family, new TcpSegment(flags, 1001, 5001)));
                else AnswerTo(request, new TcpSegment(flags, 5001, 1001));
            }

            var ended = Assert.Single(Traces());
            Assert.Equal(begun with { Time = ended.Time, Kind = kind, Hook = LbTraceHook.AtAny, Device = ended.Device }, ended);
        }
    }

    [Fact]
    public void A_reset_that_was_not_its_senders_is_taken_back()
    {
        Serve(L4.Tcp, Family.IPv4, LocalBackend(Family.IPv4));
        Trace(TraceBits.All);
        Converse(L4.Tcp, FromClient(Family.IPv4, Segments.Opening(L4.Tcp)));

        In(FromClient(Family.IPv4, new TcpSegment(TcpFlags.Rst, 1)));
        In(FromClient(Family.IPv4, Segments.Data(L4.Tcp)));

        Assert.Equal([LbTraceKind.Opened, LbTraceKind.Reset, LbTraceKind.Resumed], Traces().Select(t => t.Kind));
    }

    [Fact]
    public void What_finds_no_room_is_counted_and_takes_none_from_drops()
    {
        const int flows = 600;
        var lost = Program.Tables.Traces.Lost;
        Serve(L4.Udp, Family.IPv4, LocalBackend(Family.IPv4));
        Trace(TraceBits.All);

        for (var i = 0; i < flows; i++) In(FromClient(Family.IPv4, Segments.Opening(L4.Udp), 1000 + i));
        Program.Serve(Spec(L4.Tcp, Family.IPv4));
        Program.Events();
        In(FromClient(Family.IPv4, Segments.Opening(L4.Tcp)).WithSource(IPAddress.Parse("127.0.0.9"), ClientPort));

        Assert.Single(Program.Events());
        var told = Traces();
        Assert.InRange(told.Count, 100, flows - 100);
        Assert.Equal((ulong)(flows - told.Count), Program.Tables.Traces.Lost - lost);
        Assert.Equal(0ul, Program.Count(LbReason.EventLost));
        Trace(TraceBits.All);
        In(FromClient(Family.IPv4, Segments.Opening(L4.Udp), 999));
        Assert.Single(Traces());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_a_flow_in_a_tunnel_the_backends_node_is_told(Family family)
    {
        var at = BeNode(family);
        var node = IPAddress.Parse(family == Family.IPv4 ? "10.244.2.1" : "fd00:244:2::1");
        Program.Serve(Spec(L4.Tcp, family) with { Flags = LbServiceFlag.Dsr, Backends = [RemoteBackend(family) with { Node = node }] });
        Trace(TraceBits.All);

        foreach (var transport in (Transport[])[Segments.Opening(L4.Tcp), Segments.Data(L4.Tcp), Segments.Data(L4.Tcp)])
            Enter(ToVip(at, transport));

        var told = Assert.Single(Traces());
        Assert.Equal(
            (LbTraceKind.Opened, Hook(L4.Tcp), End(at.RemotePod, BackendPort), (FlowEndpoint?)null),
            (told.Kind, told.Hook, told.Backend, told.Source));
        Assert.Equal(new TraceNode(IpAddress.From(node), IsSender: false), told.Node);
    }

    [Fact]
    public void A_flow_that_has_no_entry_is_told_by_its_first_packet()
    {
        var at = BeNode(Family.IPv4);
        var cluster = new ClusterBuilder().Node("here", addresses: [at.Node.ToString()]).Other("there", "10.244.2.101")
            .Service("web", ["10.96.0.10"], [":80"], externalIPs: [at.Vip.ToString()], scheduler: Scheduler.Maglev, maglevTableSize: 251)
            .Slice("web-1", "web", [":8080"], ["10.244.9.1 node=there"], IpFamily.IPv4);
        CompiledTables.Fill(Program, ForwardingCompiler.Compile(
            cluster.Build(), new PolicyOptions { NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr }, previous: null));

        // What XDP sends tc gets once more here, and no entry tells that it has begun.
        LbTraceHook[] expected = Program.HasFront ? [LbTraceHook.AtXdp, LbTraceHook.AtTc] : [LbTraceHook.AtTc];
        List<TraceEvent> all = [];
        // Without the way to the node XDP leaves it all to tc: it is learned on each CPU, for a tick, which may end meanwhile.
        for (var attempt = 0; attempt < 5 && all.Count < expected.Length; attempt++)
        {
            Trace(0);
            Enter(ToVip(at, new TcpSegment(TcpFlags.Syn, 1000, 0)));
            Trace(TraceBits.All);
            foreach (var flags in (TcpFlags[])[TcpFlags.Syn, TcpFlags.Ack, TcpFlags.Fin | TcpFlags.Ack])
                Enter(ToVip(at, new TcpSegment(flags, 1000, 0)));
            all = Traces();
        }

        Assert.Empty(Program.Tables.Flows());
        Assert.Equal(expected, all.Select(t => t.Hook));
        var told = all[^1];
        Assert.Equal(
            (LbTraceKind.Untracked, End(at.Client, ClientPort), End(at.Vip, ServicePort), End(IPAddress.Parse("10.244.9.1"), 8080)),
            (told.Kind, told.Client, told.Frontend, told.Backend));
        Assert.Equal(new TraceNode(IpAddress.Parse("10.244.2.101"), IsSender: false), told.Node);
    }

    private void Trace(ulong services) => Program.Tables.Traces.Trace(services, Clock.Now + 60);

    private List<TraceEvent> Traces()
    {
        List<TraceEvent> told = [];
        Program.Tables.Traces.Drain(record => told.Add(TraceEvent.Of(record, Clock)));
        return told;
    }

    /// <summary>XDP leaves SCTP to tc.</summary>
    private LbTraceHook Hook(L4 protocol) => Program.HasFront && protocol != L4.Sctp ? LbTraceHook.AtXdp : LbTraceHook.AtTc;

    private Ends BeNode(Family family)
    {
        Program.Settings = Program.Settings with
        {
            Node4 = AbiAddress.To4(Ends.Of(Family.IPv4).Node), Node6 = AbiAddress.To16(Ends.Of(Family.IPv6).Node),
        };
        return Ends.Of(family);
    }

    private void Enter(PacketBuilder packet)
        => Assert.Equal(Verdict.Redirect, Program.Run(LbCtHook.Ingress, packet.Build(), new SkbContext(PacketLab.Wan.Index)).Verdict);

    private FlowEndpoint? SourceOf(PacketResult result, Family family, bool local)
        => local ? null : End(Ends.Of(family).LanAddress, SnatPort(result));

    private static PacketBuilder ToVip(Ends at, Transport transport)
        => PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort).Over(transport).Payload(33);

    private static FlowEndpoint End(IPAddress address, int port) => new(IpAddress.From(address), (ushort)port);
}
