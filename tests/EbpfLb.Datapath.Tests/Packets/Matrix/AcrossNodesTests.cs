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
/// Direct server return on all nodes of a cluster: each has its own program and tables, and what one sends to another in a tunnel is run
/// there. So it is seen which endpoint gets a packet in the end.
/// </summary>
public class AcrossNodesTests : PacketTest, IClassFixture<AcrossNodesTests.Cluster>
{
    private const int Places = 251;
    private const int Endpoints = 12;
    private const int FirstPort = 10_000;

    private readonly PacketProgram[] nodes;
    private readonly CompiledTables[] tables;
    private readonly ClusterBuilder[] builders;
    private readonly ForwardingTable?[] compiled;
    private Scheduler scheduler = Scheduler.Maglev;

    public AcrossNodesTests(Cluster all)
        : base(all.Nodes[0])
    {
        nodes = all.Nodes;
        foreach (var node in nodes)
        {
            node.HasFront = Program.HasFront;
            node.Reset();
            var own = IPAddress.Parse(AddressOf(Array.IndexOf(nodes, node)));
            node.Settings = node.Settings with { Node4 = AbiAddress.To4(own) };
            node.Tables.PutNodeAddress(own, default);
            for (var i = 0; i < nodes.Length; i++)
                node.Tables.Nodes.Update(new LbIp6 { Addr = AbiAddress.To16(IPAddress.Parse(AddressOf(i))) }, 1);
        }
        builders = [.. nodes.Select((_, own) => new ClusterBuilder().Node(NameOf(own), addresses: [AddressOf(own)]))];
        for (var own = 0; own < nodes.Length; own++)
            for (var i = 0; i < nodes.Length; i++)
                if (i != own) builders[own].Other(NameOf(i), AddressOf(i));
        tables = [.. nodes.Select(node => new CompiledTables(node))];
        compiled = new ForwardingTable?[nodes.Length];
    }

    /// <summary>
    /// Whoever writes a client's address and port into a SYN does not take its connection over, though the place has changed hands; the
    /// endpoint that has the connection gets the SYN and answers it as TCP does.
    /// </summary>
    [Fact]
    public void A_SYN_of_somebody_else_leaves_a_connection_where_it_is()
    {
        Have(["1", "2", "3"]);
        var flows = Enumerable.Range(1, 200).ToDictionary(port => port, port => Sent(0, port, TcpFlags.Syn));
        Have(["1", "2", "3", "4", "5", "6"]);

        foreach (var (port, endpoint) in flows)
        {
            Assert.Equal(endpoint, Sent(0, port, TcpFlags.Syn));
            Assert.Equal(endpoint, Sent(0, port, TcpFlags.Ack));
        }
        Assert.InRange(nodes[0].Count(LbReason.PktAsked), 10ul, 200ul);
    }

    [Fact]
    public void What_begins_where_nothing_is_known_goes_to_who_is_there_now_and_is_asked_about_once()
    {
        Have(["1", "2", "3"]);
        Have(["1", "2", "3", "4", "5", "6"]);

        var flows = Enumerable.Range(1, 300).ToDictionary(port => port, port => Sent(0, port, TcpFlags.Syn));
        var asked = nodes[0].Count(LbReason.PktAsked);
        Assert.InRange(asked, 30ul, 250ul);
        // Each question has come back, and counts as a connection once.
        Assert.Equal(asked, nodes[1].Count(LbReason.PktAsked) + nodes[2].Count(LbReason.PktAsked));
        Assert.Equal(300ul, nodes[0].Count(LbReason.PktNew));
        Assert.Equal([1, 2, 3, 4, 5, 6], flows.Values.Distinct().Order());
        foreach (var (port, endpoint) in flows)
        {
            Assert.Equal(endpoint, Sent(0, port, TcpFlags.Syn));
            Assert.Equal(endpoint, Sent(0, port, TcpFlags.Ack));
        }
        Assert.Equal(asked, nodes[0].Count(LbReason.PktAsked));
    }

    /// <summary>What has an entry on the node that it began by, as its place had changed hands.</summary>
    [Fact]
    public void A_flow_with_an_entry_goes_on_by_another_node_where_its_place_changed_hands_once()
    {
        Have(["1", "2", "3"]);
        Have(["1", "2", "3", "4", "5", "6"]);
        var flows = Enumerable.Range(1, 300).ToDictionary(port => port, port => Sent(0, port, TcpFlags.Syn));

        foreach (var (port, endpoint) in flows) Assert.Equal(endpoint, Sent(1, port, TcpFlags.Ack));
        Assert.InRange(flows.Keys.Count(HasEntry), 50, 250);
    }

    /// <summary>
    /// Places change hands again and again; of those who had one the nodes are asked in turn, each of them once, whatever node a packet
    /// comes by.
    /// </summary>
    [Fact]
    public void A_flow_with_an_entry_goes_on_by_another_node_where_its_place_changed_hands_often()
    {
        var flows = new Dictionary<int, int>();
        for (var count = 3; count <= 8; count++)
        {
            Have(Enumerable.Range(1, count).Select(i => $"{i}"));
            for (var i = 0; i < 60; i++) flows.Add(flows.Count + 1, Sent(0, flows.Count + 1, TcpFlags.Syn));
        }
        // Who had places gets them back, and the others live on.
        Have(["1", "2", "3", "4 unready", "5 unready", "6 unready", "7", "8 unready"]);

        Assert.InRange(flows.Keys.Count(HasEntry), 50, 300);
        foreach (var (port, endpoint) in flows)
            foreach (var node in (int[])[0, 1, 2])
                Assert.Equal(endpoint, Sent(node, port, TcpFlags.Ack));
        Assert.InRange(nodes[0].Count(LbReason.PktAsked), 30ul, 600ul);
    }

    /// <summary>So few endpoints that of each place all who had it are known.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_flow_goes_on_by_any_node_through_random_changes(int seed)
    {
        var random = new Random(seed);
        var states = Enumerable.Range(1, 6).ToDictionary(i => i, i => i <= 3 ? "" : null);
        var flows = new List<(int Port, int Endpoint)>();
        var (next, forged, moved) = (1, 0, 0);
        for (var step = 0; step < 30; step++)
        {
            UntrackedTests.Change(states, random);
            Have(states.Where(s => s.Value is not null).Select(s => $"{s.Key} {s.Value}".Trim()));
            flows.RemoveAll(f => states[f.Endpoint] is null);
            foreach (var (port, endpoint) in flows)
            {
                if (states[endpoint] != "unready" && random.Next(4) == 0)
                {
                    var by = random.Next(3);
                    Assert.Equal((port, by, endpoint), (port, by, Sent(by, port, TcpFlags.Syn)));
                    forged++;
                }
                var hasEntry = HasEntry(port);
                foreach (var node in (int[])[0, 1, 2])
                {
                    Assert.Equal(endpoint, Sent(node, port, TcpFlags.Ack));
                    moved += hasEntry && node != 0 ? 1 : 0;
                }
            }
            for (var i = 0; i < 10; i++, next++)
                if (Sent(0, next, TcpFlags.Syn) is > 0 and var endpoint) flows.Add((next, endpoint));
        }
        Assert.InRange(forged, 50, int.MaxValue);
        Assert.InRange(moved, 200, int.MaxValue);
    }

    /// <summary>
    /// An agent that is slow, or that has drained something, has other tables than the rest. What goes round between nodes then ends, and
    /// an endpoint gets what begins.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_packet_goes_round_for_long_where_nodes_have_other_tables(int seed)
    {
        var random = new Random(seed);
        var states = Enumerable.Range(1, 8).ToDictionary(i => i, i => i <= 3 ? "" : null);
        var (next, began) = (1, 0);
        for (var step = 0; step < 40; step++)
        {
            UntrackedTests.Change(states, random);
            Have(states.Where(s => s.Value is not null).Select(s => $"{s.Key} {s.Value}".Trim()), _ => step == 0 || random.Next(3) > 0);
            for (var i = 0; i < 20; i++, next++)
            {
                var by = random.Next(3);
                // Nobody knows this one: whoever keeps it.
                Carried(by, From(20_000 + next, TcpFlags.Ack));
                // Nor this one: an endpoint gets it, on the last node by SNAT where that has none.
                if (Carried(by, From(next, TcpFlags.Syn)) is not { } arrived) continue;
                EndpointAt(arrived.Ip.Destination.Address);
                began++;
            }
        }
        Assert.InRange(began, 400, next);
    }

    /// <summary>Without it a client of another MTU waits for ever; routers send it by whatever node has the address.</summary>
    [Fact]
    public void An_error_from_the_way_to_the_client_reaches_the_endpoint_by_any_node()
    {
        Have(["1", "2", "3"]);
        var flows = Enumerable.Range(1, 200).ToDictionary(port => port, port => Sent(0, port, TcpFlags.Syn));
        foreach (var (port, endpoint) in flows) Assert.Equal((endpoint, endpoint), (SentError(0, port), SentError(1, port)));

        // Places that changed hands, and flows that began there.
        Have(["1", "2", "3", "4", "5", "6"]);
        foreach (var port in Enumerable.Range(201, 200)) flows[port] = Sent(0, port, TcpFlags.Syn);
        foreach (var (port, endpoint) in flows) Assert.Equal((endpoint, endpoint), (SentError(0, port), SentError(1, port)));
        Assert.InRange(flows.Keys.Count(HasEntry), 40, 250);
    }

    /// <summary>Its node may be gone: nobody waits for that.</summary>
    [Fact]
    public void An_endpoint_that_does_not_serve_is_not_asked()
    {
        Have(["2", "3"]);
        Have(["2 gone", "3 unready", "4"]);

        foreach (var port in Enumerable.Range(1, 50)) Assert.Equal(4, Sent(0, port, TcpFlags.Syn));
        Assert.Equal(0ul, nodes[0].Count(LbReason.PktAsked));
    }

    /// <summary>
    /// Endpoints come, go, fail their probes and end; clients come by one node, and SYNs with their addresses too. Whatever endpoint has a
    /// flow keeps it while it lives; and where the node that was asked has no entry of it, packets that come by another one find it, too.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Through_all_changes_nobody_takes_a_flow_over(int seed)
    {
        var random = new Random(seed);
        var states = Enumerable.Range(1, Endpoints).ToDictionary(i => i, i => i <= 4 ? "" : null);
        var flows = new List<(int Port, int Endpoint)>();
        var (next, forged, moved, tracked, lost) = (1, 0, 0, 0, 0);
        for (var step = 0; step < 30; step++)
        {
            UntrackedTests.Change(states, random);
            Have(states.Where(s => s.Value is not null).Select(s => $"{s.Key} {s.Value}".Trim()));
            flows.RemoveAll(f => states[f.Endpoint] is null);
            foreach (var (port, endpoint) in flows)
            {
                if (states[endpoint] != "unready" && random.Next(4) == 0)
                {
                    Assert.Equal(endpoint, Sent(0, port, TcpFlags.Syn));
                    forged++;
                }
                Assert.Equal(endpoint, Sent(0, port, TcpFlags.Ack));
                var by = Sent(1, port, TcpFlags.Ack);
                if (HasEntry(port))
                {
                    // So many endpoints have had a few of the places that not all of them are known.
                    tracked++;
                    lost += by == endpoint ? 0 : 1;
                    continue;
                }
                Assert.Equal(endpoint, by);
                moved++;
            }
            for (var i = 0; i < 10; i++, next++)
                if (Sent(0, next, TcpFlags.Syn) is > 0 and var endpoint) flows.Add((next, endpoint));
        }
        Assert.InRange(forged, 150, int.MaxValue);
        Assert.InRange(moved, 300, int.MaxValue);
        Assert.InRange(lost, 0, tracked / 20);
        Assert.InRange(nodes[0].Count(LbReason.PktAsked), 50ul, ulong.MaxValue);
    }

    /// <summary>Of any scheduler: it gets nothing new, and what it has it keeps until it is gone.</summary>
    [Theory]
    [InlineData("unready")]
    [InlineData("terminating")]
    [InlineData("gone")]
    public void An_endpoint_that_ends_keeps_its_connections(string state)
    {
        scheduler = Scheduler.Random;
        Have(["2"]);
        foreach (var port in Enumerable.Range(1, 20)) Assert.Equal(2, Sent(0, port, TcpFlags.Syn));

        Have([$"2 {state}", "3"]);
        // Ids that are free are given away.
        Have([$"2 {state}", "3", "5", "6"]);

        foreach (var port in Enumerable.Range(1, 20)) Assert.Equal(2, Sent(0, port, TcpFlags.Ack));
        foreach (var port in Enumerable.Range(21, 20)) Assert.NotEqual(2, Sent(0, port, TcpFlags.Syn));
    }

    /// <summary>Their clients shall hear of it: another endpoint, which knows nothing of them, or a reset.</summary>
    [Fact]
    public void What_an_endpoint_had_that_is_gone_is_not_lost_on_the_way()
    {
        scheduler = Scheduler.Random;
        Have(["2", "4"]);
        foreach (var port in Enumerable.Range(1, 40)) Sent(0, port, TcpFlags.Syn);

        Have(["4"]);
        foreach (var port in Enumerable.Range(1, 40)) Assert.Equal(4, Sent(0, port, TcpFlags.Ack));
        Have([]);
        foreach (var port in Enumerable.Range(1, 40)) Assert.Equal(0, Sent(0, port, TcpFlags.Ack));
    }

    private bool HasEntry(int port) => nodes[0].Tables.Flows().Exists(f => f.Source.Port == FirstPort + port);

    /// <summary>The number of an endpoint and its condition, as <see cref="EndpointText"/> has them; on the nodes by turns.</summary>
    /// <param name="hears">Whether a node hears of it.</param>
    private void Have(IEnumerable<string> endpoints, Func<int, bool>? hears = null)
    {
        string[] all = [.. endpoints.Select(text => text.Split(' ', 2)).Select(words =>
            $"10.244.9.{words[0]} node={NameOf(int.Parse(words[0]) % nodes.Length)} {words.ElementAtOrDefault(1)}".Trim())];
        for (var own = 0; own < nodes.Length; own++)
        {
            if (hears?.Invoke(own) == false) continue;
            builders[own].Service("web", ["10.96.0.10"], [":80"], externalIPs: [Ends.Of(Family.IPv4).Vip.ToString()], scheduler: scheduler,
                maglevTableSize: scheduler == Scheduler.Maglev ? Places : 0);
            builders[own].Slice("web-1", "web", [":8080"], all, IpFamily.IPv4);
            var options = new PolicyOptions { NodeName = NameOf(own), Tunnels = true, Forwarding = Forwarding.Dsr };
            compiled[own] = ForwardingCompiler.Compile(builders[own].Build(), options, compiled[own]);
            tables[own].Apply(compiled[own]!);
        }
    }

    /// <summary>The endpoint that gets the packet of a client's port in the end; 0: it is answered with a reset.</summary>
    private int Sent(int node, int port, TcpFlags flags)
    {
        var arrived = Carried(node, From(port, flags));
        if (arrived is null) return 0;
        Assert.Equal(Ends.Of(Family.IPv4).Client, arrived.Ip.Source.Address);
        return EndpointAt(arrived.Ip.Destination.Address);
    }

    private static byte[] From(int port, TcpFlags flags)
    {
        var at = Ends.Of(Family.IPv4);
        return PacketBuilder.From(at.Client, FirstPort + port).To(at.Vip, ServicePort).Over(new TcpSegment(flags, 1000, 0)).Build();
    }

    /// <summary>The endpoint that gets a router's "fragmentation needed" about what a client's port was sent; it quotes it.</summary>
    private int SentError(int node, int port)
    {
        var at = Ends.Of(Family.IPv4);
        var lost = PacketBuilder.From(at.Vip, ServicePort).To(at.Client, FirstPort + port).Over(new TcpSegment(TcpFlags.Ack, 1000, 0))
            .Payload(40);
        var arrived = Carried(node, PacketBuilder.From(at.Router).To(at.Vip).IcmpError(3, 4, lost, rest: 1400).Build());
        Assert.NotNull(arrived);
        var endpoint = arrived.Ip.Destination.Address;
        Assert.Equal(new IPEndPoint(endpoint, 8080), arrived.Inner?.Source);
        Assert.Equal(new IPEndPoint(at.Client, FirstPort + port), arrived.Inner?.Destination);
        return EndpointAt(endpoint);
    }

    private static int EndpointAt(IPAddress address)
    {
        Assert.StartsWith("10.244.9.", address.ToString(), StringComparison.Ordinal);
        return address.GetAddressBytes()[3];
    }

    /// <summary>The packet as the stack of the last node has it, after all tunnels; null: the client was answered.</summary>
    private ParsedPacket? Carried(int node, byte[] packet)
    {
        var (link, hops) = (packet[..14], 0);
        while (true)
        {
            var result = nodes[node].Ingress(packet);
            var arrived = PacketReader.Read(result.Packet);
            var to = arrived.Ip.Destination.Address;
            if (to.Equals(Ends.Of(Family.IPv4).Client)) return null;
            // Or to an endpoint of another node, by SNAT.
            if (result.Verdict == Verdict.Pass || to.ToString().StartsWith("10.244.9.", StringComparison.Ordinal)) return arrived;
            node = Array.FindIndex(nodes, n => AddressOf(Array.IndexOf(nodes, n)) == to.ToString());
            Assert.True(node >= 0,
                $"went to {to} with {result.Verdict}\n{string.Join('\n', nodes.Select(n => string.Join(", ", n.Counts())))}");
            // One to each of five, one to who has the place now; of a SYN there and back.
            Assert.InRange(++hops, 1, 11);
            packet = [.. link, .. result.Packet[14..]];
        }
    }

    private static string NameOf(int node) => $"node-{node}";

    private static string AddressOf(int node) => $"10.244.2.{100 + node}";

    /// <summary>Nodes with room for all flows: half-open ones, which those of a test stay, would give way else.</summary>
    public sealed class Cluster : IDisposable
    {
        internal PacketProgram[] Nodes { get; } = [.. Enumerable.Range(0, 3).Select(_ => UntrackedTests.AskedNode.Load())];

        public void Dispose()
        {
            foreach (var node in Nodes) node.Dispose();
        }
    }
}
