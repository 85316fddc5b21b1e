using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Front;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

[InFront]
public sealed class TrafficInFrontTests(TrafficFixture fixture) : TrafficTests(fixture);

/// <summary>
/// Packets and bytes of service ports and backends (bpf/lib/lb_traffic.h): each packet that goes on counts once, with its length.
/// </summary>
public class TrafficTests(TrafficFixture fixture) : PacketTest(fixture.Program), IClassFixture<TrafficFixture>
{
    private const int EthernetHeader = 14;
    private LbTraffic sent;

    public static TheoryData<L4, Family, bool> Ways => LoadTests.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void Each_packet_of_a_conversation_counts_for_its_direction_with_its_length(L4 protocol, Family family, bool local)
    {
        var other = Program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(Ends.Of(family).ClusterIp, ServicePort + 1))
        {
            Backends = [LocalBackend(family)],
        });
        var service = Serve(protocol, family, local ? LocalBackend(family) : RemoteBackend(family));

        Talk(protocol, family);

        Assert.Equal((3ul, 4ul), (sent.PacketsIn, sent.PacketsOut));
        Assert.Equal(new() { [Of(service)] = sent, [BackendOf(service)] = sent }, Program.Tables.Traffic());
        Assert.NotEqual(other.Id, service.Id);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_goes_in_a_tunnel_counts_without_the_header_of_that(Family family)
    {
        var at = Ends.Of(family);
        Program.Settings = Program.Settings with { Node4 = AbiAddress.To4(Ends.Of(Family.IPv4).Node), Node6 = AbiAddress.To16(Ends.Of(
            Family.IPv6).Node) };
        var service = Program.Serve(Spec(L4.Tcp, family) with
        {
            Flags = LbServiceFlag.Dsr,
            Backends = [RemoteBackend(family) with { Node = IPAddress.Parse(family == Family.IPv4 ? "10.244.2.1" : "fd00:244:2::1") }],
        });

        foreach (var packet in (PacketBuilder[])
            [ToVip(at, Segments.Opening(L4.Tcp)), .. Enumerable.Range(0, 3).Select(i => ToVip(at, Segments.Data(L4.Tcp), 100 * i))])
            Assert.Equal(Verdict.Redirect, Tunnelled(packet).Verdict);

        Assert.Equal(4ul, sent.PacketsIn);
        Assert.Equal(new() { [Of(service)] = sent, [BackendOf(service)] = sent }, Program.Tables.Traffic());
    }

    [Fact]
    public void Packets_of_flows_without_entries_count_too()
    {
        var at = Ends.Of(Family.IPv4);
        Program.Settings = Program.Settings with { Node4 = AbiAddress.To4(at.Node) };
        var cluster = new ClusterBuilder().Node("here", addresses: [at.Node.ToString()]).Other("there", "10.244.2.101")
            .Service("web", ["10.96.0.10"], [":80"], externalIPs: [at.Vip.ToString()], scheduler: Scheduler.Maglev, maglevTableSize: 251)
            .Slice("web-1", "web", [":8080"], ["10.244.9.1 node=there"], IpFamily.IPv4);
        CompiledTables.Fill(Program, ForwardingCompiler.Compile(
            cluster.Build(), new PolicyOptions { NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr }, previous: null));

        Tunnelled(ToVip(at, new TcpSegment(TcpFlags.Syn, 1000, 0)));
        for (var i = 0; i < 3; i++) Tunnelled(ToVip(at, new TcpSegment(TcpFlags.Ack, 1001, 1), 100 * i));

        Assert.Empty(Program.Tables.Flows());
        Assert.Equal(4ul, Program.Count(LbReason.PktUntracked));
        var counted = Program.Tables.Traffic();
        Assert.Equal(sent, Assert.Single(counted, c => c.Key.StartsWith("service ", StringComparison.Ordinal)).Value);
        Assert.Equal(sent, Assert.Single(counted, c => c.Key.StartsWith("backend ", StringComparison.Ordinal)).Value);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_id_that_another_backend_has_now_does_not_count_for_it(Family family)
    {
        foreach (var backend in (BackendSpec[])[LocalBackend(family), RemoteBackend(family)])
        {
            Program.Reset();
            sent = default;
            var service = Serve(L4.Tcp, family, backend);
            Talk(L4.Tcp, family);
            var before = sent;
            var id = service.BackendId(0);
            Program.Tables.Backends.Update(id, Program.Tables.Backends.Lookup(id) with { Port = Be16.FromHost(BackendPort + 1) });

            Request(FromClient(family, Segments.Data(L4.Tcp)));
            Reply(OnlyFlow().Request, Segments.Data(L4.Tcp));

            Assert.Equal((before.PacketsIn + 1, before.PacketsOut + 1), (sent.PacketsIn, sent.PacketsOut));
            Assert.Equal(new() { [Of(service)] = sent, [BackendOf(service)] = before }, Program.Tables.Traffic());
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_does_not_go_on_does_not_count(Family family)
    {
        var service = Serve(L4.Tcp, family, RemoteBackend(family));
        Request(FromClient(family, Segments.Opening(L4.Tcp)));

        Answered(FromClient(family, Segments.Data(L4.Tcp)).Hops(1));
        In(FromClient(family, new TcpSegment(TcpFlags.Rst), ClientPort + 1));

        Assert.Equal(new() { [Of(service)] = sent, [BackendOf(service)] = sent }, Program.Tables.Traffic());
    }

    private void Talk(L4 protocol, Family family)
    {
        Request(FromClient(family, Segments.Opening(protocol)));
        var flow = Program.Tables.Flows().Single(e => !e.IsReply);
        Reply(flow, Segments.Answer(protocol));
        AgeQuestions();
        for (var i = 0; i < 2; i++)
        {
            Request(FromClient(family, Segments.Data(protocol)).Payload(70 + 300 * i));
            Reply(flow, Segments.Data(protocol));
        }
        Reply(flow, Segments.Data(protocol));
    }

    private void Request(PacketBuilder packet)
    {
        In(packet);
        CountIn(packet);
    }

    private void Reply(FlowEntry request, Transport transport)
    {
        AnswerTo(request, transport);
        var (from, to) = (request.ToDestination, request.ToSource);
        var length = PacketBuilder.From(from.Address, from.Port).To(to.Address, to.Port).Over(transport).Build().Length - EthernetHeader;
        sent = sent with { PacketsOut = sent.PacketsOut + 1, BytesOut = sent.BytesOut + (ulong)length };
    }

    private PacketResult Tunnelled(PacketBuilder packet)
    {
        CountIn(packet);
        return Program.Run(LbCtHook.Ingress, packet.Build(), new SkbContext(PacketLab.Wan.Index));
    }

    private void CountIn(PacketBuilder packet) => sent = sent with
    {
        PacketsIn = sent.PacketsIn + 1, BytesIn = sent.BytesIn + (ulong)(packet.Build().Length - EthernetHeader),
    };

    private static PacketBuilder ToVip(Ends at, Transport transport, int payload = 33)
        => PacketBuilder.From(at.Client, ClientPort).To(at.Vip, ServicePort).Over(transport).Payload(payload);

    private static string Of(ServedService service) => $"service {service.Id}";

    private static string BackendOf(ServedService service) => $"backend {service.BackendId(0)}";
}

/// <summary>With the map there, and switched off.</summary>
public sealed class NoTrafficTests(NoTrafficFixture fixture) : PacketTest(fixture.Program), IClassFixture<NoTrafficFixture>
{
    [Theory]
    [MemberData(nameof(Families))]
    public void Switched_off_nothing_counts(Family family)
    {
        Serve(L4.Tcp, family, LocalBackend(family));
        Converse(L4.Tcp, FromClient(family, Segments.Opening(L4.Tcp)));

        Assert.Empty(Program.Tables.Traffic());
        Assert.NotEqual(0ul, Program.Count(LbReason.PktReply));
    }
}
