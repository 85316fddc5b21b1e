using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Matrix;

/// <summary>
/// Flows without entries (bpf/lib/lb_untracked.h): the real programs, with the tables that plans make one after the other, on two nodes
/// that clients' packets come to. Each endpoint is on a node of its own, so that the outer header says which one it is.
/// </summary>
public class UntrackedTests : PacketTest, IClassFixture<UntrackedTests.AskedNode>, IClassFixture<UntrackedTests.OtherNode>
{
    private const int Places = 251;
    private const int Endpoints = 12;
    private const int FirstPort = 10_000;

    private static readonly PolicyOptions Options = new() { NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr };

    private readonly PacketProgram other;
    private readonly CompiledTables[] tables;
    private readonly ClusterBuilder cluster;
    private ForwardingTable? compiled;

    public UntrackedTests(AskedNode asked, OtherNode otherNode)
        : base(asked.Program)
    {
        other = otherNode.Program;
        other.HasFront = Program.HasFront;
        other.Reset();
        var at = Ends.Of(Family.IPv4);
        cluster = new ClusterBuilder().Node("here", addresses: [at.Node.ToString()])
            .Service("web", ["10.96.0.10"], [":80"], externalIPs: [at.Vip.ToString()], scheduler: Scheduler.Maglev,
                maglevTableSize: Places);
        foreach (var program in (PacketProgram[])[Program, other])
        {
            program.Settings = program.Settings with { Node4 = AbiAddress.To4(at.Node) };
            for (var i = 1; i <= Endpoints; i++)
                program.Tables.Nodes.Update(new LbIp6 { Addr = AbiAddress.To16(IPAddress.Parse(NodeOf(i))) }, 1);
        }
        for (var i = 1; i <= Endpoints; i++) cluster.Other($"there-{i}", NodeOf(i));
        tables = [new CompiledTables(Program), new CompiledTables(other)];
    }

    [Fact]
    public void While_nothing_changes_no_flow_has_an_entry_and_all_nodes_agree()
    {
        Have(Enumerable.Range(1, 5).Select(Remote));
        var used = new HashSet<string>();
        for (var port = 1; port <= 200; port++)
        {
            var to = Asked(Program, port, TcpFlags.Syn);
            used.Add(to);
            Assert.Equal(to, Asked(Program, port, TcpFlags.Ack));
            Assert.Equal(to, Asked(other, port, TcpFlags.Ack));
            Assert.Equal(to, Asked(other, port, TcpFlags.Rst));
        }

        Assert.Equal(5, used.Count);
        Assert.Empty(Program.Tables.Flows());
        Assert.Equal(400ul, Program.Count(LbReason.PktUntracked));
        Assert.Equal(200ul, Program.Count(LbReason.PktNew));
    }

    [Fact]
    public void Only_flows_that_begin_at_a_place_that_has_changed_hands_have_entries()
    {
        Have(Enumerable.Range(1, 5).Select(Remote));
        var before = Enumerable.Range(1, 300).ToDictionary(port => port, port => Asked(Program, port, TcpFlags.Syn));

        Have(Enumerable.Range(1, 6).Select(Remote));

        foreach (var (port, to) in before) Assert.Equal(to, Asked(Program, port, TcpFlags.Ack));
        Assert.Empty(Program.Tables.Flows());
        var after = Enumerable.Range(1001, 300).ToDictionary(port => port, port => Asked(Program, port, TcpFlags.Syn));
        var moved = after.Count(flow => flow.Value == NodeOf(6));
        Assert.InRange(moved, 20, 90);
        // Who gets a place from another than the new one is rare with Maglev, but there are such.
        Assert.InRange(Program.Tables.Flows().Count, moved, moved + 30);
        foreach (var (port, to) in after) Assert.Equal(to, Asked(Program, port, TcpFlags.Ack));
    }

    [Fact]
    public void What_an_endpoint_has_it_keeps_while_it_gets_nothing_new()
    {
        Have([Remote(1)]);
        Assert.Equal(NodeOf(1), Asked(Program, 1, TcpFlags.Syn));
        Have([Remote(1) + " unready"]);
        Assert.Equal(NodeOf(1), Asked(Program, 1, TcpFlags.Ack));
        Assert.Equal("reset", Asked(Program, 2, TcpFlags.Syn));
        Have([Remote(1), Remote(2)]);
        Assert.Equal(NodeOf(1), Asked(Program, 1, TcpFlags.Ack));
        Have([Remote(2)]);
        Assert.Equal(NodeOf(2), Asked(Program, 1, TcpFlags.Ack));
    }

    [Fact]
    public void A_flow_that_its_backends_node_does_not_know_goes_on_to_who_is_there_now()
    {
        Have([Remote(1), Remote(2)]);
        for (var port = 1; port <= 20; port++)
        {
            var now = Asked(Program, port, TcpFlags.Syn);
            // What another node has sent here, as it takes one of this node for the one who was there before.
            Assert.Equal(now, Asked(Program, port, TcpFlags.Ack, inTunnelFrom: NodeOf(3)));
        }
        Assert.Empty(Program.Tables.Flows());
    }

    /// <summary>
    /// Endpoints come, go, are replaced, fail their probes and end, and packets go by one node or the other. A flow stays with its backend
    /// while that is there: always on its own node, and on the other one too if it has no entry.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_flow_changes_its_backend_while_that_lives(int seed)
    {
        var random = new Random(seed);
        var states = Enumerable.Range(1, Endpoints).ToDictionary(i => i, i => i <= 4 ? "" : null);
        var flows = new List<(int Port, int Backend, bool HasEntry)>();
        var (next, checkedFlows, tracked) = (1, 0, 0);
        for (var step = 0; step < 60; step++)
        {
            Change(states, random);
            Have(states.Where(s => s.Value is not null).Select(s => Endpoint(s.Key, s.Value!)));
            flows.RemoveAll(f => states[f.Backend] is null);
            foreach (var (port, backend, hasEntry) in flows)
            {
                Assert.Equal(NodeOf(backend), Asked(Program, port, TcpFlags.Ack));
                if (hasEntry) continue;
                Assert.Equal(NodeOf(backend), Asked(other, port, TcpFlags.Ack));
                checkedFlows++;
            }
            for (var i = 0; i < 12; i++, next++)
            {
                if (Asked(Program, next, TcpFlags.Syn) is not ['1', ..] to) continue;
                var hasEntry = Program.Tables.Flows().Exists(f => f.Source.Port == FirstPort + next);
                tracked += hasEntry ? 1 : 0;
                flows.Add((next, Enumerable.Range(1, Endpoints).Single(e => NodeOf(e) == to), hasEntry));
            }
        }
        Assert.InRange(checkedFlows, 2000, int.MaxValue);
        Assert.InRange(tracked, 20, next - 20);
    }

    /// <summary>One or two endpoints come, go, or get another condition; null: it is not there.</summary>
    internal static void Change(Dictionary<int, string?> states, Random random)
    {
        for (var changes = random.Next(1, 3); changes > 0; changes--)
        {
            var endpoint = random.Next(1, states.Count + 1);
            states[endpoint] = states[endpoint] is null ? ""
                : random.Next(5) switch { 0 => null, 1 => "unready", 2 => "terminating", _ => "" };
        }
    }

    /// <summary>The first is on this node, all others on one of their own.</summary>
    private static string Endpoint(int number, string state)
        => (number == 1 ? $"{Ends.Of(Family.IPv4).LocalPod} node=here {state}" : $"{Remote(number)} {state}").Trim();

    private static string Remote(int number) => $"10.244.9.{number} node=there-{number}";

    private static string NodeOf(int number) => $"10.244.2.{100 + number}";

    private void Have(IEnumerable<string> endpoints)
    {
        cluster.Slice("web-1", "web", [":8080"], [.. endpoints], IpFamily.IPv4);
        compiled = ForwardingCompiler.Compile(cluster.Build(), Options, compiled);
        foreach (var node in tables) node.Apply(compiled);
    }

    /// <summary>
    /// Where the packet of a client's port goes: the node of its backend, or "reset". A node that is asked about a flow knows of none.
    /// </summary>
    private static string Asked(PacketProgram program, int port, TcpFlags flags, string? inTunnelFrom = null)
    {
        var at = Ends.Of(Family.IPv4);
        var packet = PacketBuilder.From(at.Client, FirstPort + port).To(at.Vip, ServicePort).Over(new TcpSegment(flags, 1000, 0)).Build();
        var asked = program.Count(LbReason.PktAsked);
        var to = Ran(program, inTunnelFrom is null ? packet : InTunnel(packet, inTunnelFrom, hops: 255));
        for (; program.Count(LbReason.PktAsked) > asked; asked++)
            to = Ran(program, InTunnel(packet, to.ToString(), hops: 128));
        return to.Equals(at.Client) ? "reset" : to.Equals(at.LocalPod) ? NodeOf(1) : to.ToString();
    }

    private static IPAddress Ran(PacketProgram program, byte[] packet)
        => PacketReader.Read(program.Ingress(packet).Packet).Ip.Destination.Address;

    /// <param name="hops">255: its receiver is asked in turn; 128: the answer (bpf/lib/lb_tunnel.h).</param>
    private static byte[] InTunnel(byte[] packet, string from, byte hops) => [
        .. packet[..14], .. TunnelHeaders.Outer(Family.IPv4, IPAddress.Parse(from), Ends.Of(Family.IPv4).Node, 4, packet.Length - 14, hops),
        .. packet[14..]];

    /// <summary>A node with room for all flows: half-open ones, which those of a test stay, would give way else.</summary>
    public class AskedNode : IDisposable
    {
        internal PacketProgram Program { get; } = Load();

        internal static PacketProgram Load() => new(bpf =>
        {
            bpf.Knobs.Set("cfg_tunnel", (byte)LbTunnel.Ipip);
            bpf.Map(Abi.Tables.Conntrack4.Name).MaxEntries = 16_384;
            bpf.Map(Abi.Tables.CtPending.Name).MaxEntries = 16_384;
        });

        public void Dispose()
        {
            Program.Dispose();
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Another one that has the same tables.</summary>
    public sealed class OtherNode : AskedNode;
}
