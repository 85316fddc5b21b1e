using System.Net;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>
/// Programs on a node with a Service with so many backends of another node, and so many open flows of it: the XDP program, and with SNAT
/// that of tc too. With tunnels of IP in IP over IPv4 there is a second Service whose flows have no entries.
/// </summary>
internal sealed class FrontNode : IDisposable
{
    /// <summary>In front of the stack, into tunnels.</summary>
    public const string Floor = "b_front_only", Program = "b_front";

    /// <summary>By SNAT, in front of the stack and at tc.</summary>
    public const string SnatFloor = "b_snat_only", SnatProgram = "b_snat", TcFloor = "b_away_only", TcProgram = "b_away";

    /// <summary>Of each Service.</summary>
    public const int Backends = 100;

    private const string Open = "b_away_open", Touch = "b_away_touch", Idle = "b_front_idle";
    private static readonly string[] AtTc = [Open, Touch, TcFloor, TcProgram];

    /// <summary>Flows opened in one go: fewer than there are places for half-open ones.</summary>
    private const int Chunk = 10_000;

    private static readonly Ends At = Ends.Of(Family.IPv4);
    private readonly PacketProgram node;
    private readonly BpfObject front;
    private readonly Dictionary<string, BpfProgram> programs;
    private readonly BpfMap<uint, BenchFlows> bench;
    private readonly List<BpfLink> links;

    /// <param name="flows">Open ones, of the Service whose flows have entries.</param>
    /// <param name="tunnels">Into tunnels; false: by SNAT.</param>
    public FrontNode(int flows, bool tunnels)
    {
        var kind = (byte)(tunnels ? LbTunnel.Ipip : LbTunnel.None);
        node = new PacketProgram(Path.Combine("bench", "away.bpf.o"), AtTc, bpf =>
        {
            // By SNAT replies have entries of their own.
            bpf.Map(Tables.Conntrack4.Name).MaxEntries = (uint)(tunnels ? flows : 2 * flows) + Chunk;
            bpf.Map(Tables.CtPending.Name).MaxEntries = 6 * Chunk;
            bpf.Map(Tables.Maglev.Name).MaxEntries = 1 << 14;
            bpf.Map(Tables.Slots.Name).MaxEntries = 1 << 12;
            bpf.Knobs.Set("cfg_tunnel", kind);
        });
        node.Settings = node.Settings with { Node4 = AbiAddress.To4(At.Node), SnatPortFirst = 1024, SnatPortLast = 65535 };
        programs = AtTc.ToDictionary(name => name, node.Object.OpenProgram);
        front = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "bench", "front.bpf.o")));
        front.Knobs.Set("cfg_tunnel", kind);
        // All but its constants.
        foreach (var map in front.Maps.Values.Where(map => !map.Name.Contains('.') && node.Object.Maps.ContainsKey(map.Name)))
        {
            using var shared = node.Object.OpenMap(map.Name);
            map.Reuse(shared);
        }
        front.Load();
        foreach (var name in (string[])[Floor, Program, SnatFloor, SnatProgram, Idle]) programs.Add(name, front.OpenProgram(name));
        bench = node.Object.OpenMap<uint, BenchFlows>("b_flows");
        links = FrontOfStack.Attach(programs[Idle], node.Netns);
        CompiledTables.Fill(node, Table(tunnels));
        for (var first = 0; first < flows; first += Chunk)
            Require(Run(Open, Tracked(TcpFlags.Syn), (ulong)first, 0, Math.Min(Chunk, flows - first)), Verdict.Pass, Open);
    }

    public static PacketBuilder Tracked(TcpFlags flags) => To(At.ExternalIp, flags);

    public static PacketBuilder Untracked(TcpFlags flags) => To(At.Vip, flags);

    /// <summary>Nanoseconds per packet of flows that are taken at random, always the same for a seed, from the first so many.</summary>
    /// <param name="program">The floor, or the program itself.</param>
    public double Measure(string program, PacketBuilder packet, int flows, ulong seed, int repeat)
    {
        // The first packet of a flow in a tick is for tc, so their entries are made current; again where the tick ends meanwhile.
        for (var i = 0; i < 100; i++)
        {
            Require(Run(Touch, Tracked(TcpFlags.Ack), seed, (uint)flows, repeat), Verdict.Pass, Touch);
            var counted = program == TcProgram ? LbReason.PktToRemote : LbReason.PktXdp;
            var before = node.Count(counted);
            var result = Run(program, packet, seed, (uint)flows, repeat);
            var isFloor = program is Floor or SnatFloor or TcFloor;
            if (isFloor || node.Count(counted) - before == (ulong)repeat) return result.DurationNanoseconds;
        }
        throw new InvalidOperationException($"packets do not leave by {program}: {string.Join(", ", node.Counts())}");
    }

    public void Dispose()
    {
        foreach (var link in links) link.Dispose();
        foreach (var program in programs.Values) program.Dispose();
        bench.Dispose();
        front.Dispose();
        node.Dispose();
    }

    private static PacketBuilder To(IPAddress address, TcpFlags flags)
        => PacketBuilder.From(At.Client, 1).To(address, 80).Tcp(flags, 1001, 5001).Payload(100);

    private static ForwardingTable Table(bool tunnels)
    {
        var cluster = new ClusterBuilder().Node("here", addresses: [At.Node.ToString()]).Other("there", At.RemotePod.ToString());
        (string Name, IPAddress Address, Scheduler Scheduler)[] services = [("tracked", At.ExternalIp, Scheduler.Random)];
        if (tunnels) services = [.. services, ("untracked", At.Vip, Scheduler.Maglev)];
        // By SNAT the way to each has to be known: in the network of the other pod.
        string[] endpoints = [.. Enumerable.Range(1, Backends).Select(i => $"{(tunnels ? "10.244.9" : "10.244.2")}.{i + 100} node=there")];
        foreach (var (name, address, scheduler) in services)
        {
            cluster.Service(
                name, [$"10.96.0.{(byte)scheduler + 1}"], [":80"], externalIPs: [address.ToString()], scheduler: scheduler,
                maglevTableSize: scheduler == Scheduler.Maglev ? 65537 : 0);
            cluster.Slice(name, name, [":8080"], endpoints);
        }
        var options = new PolicyOptions
        {
            NodeName = "here", Tunnels = tunnels, Forwarding = tunnels ? Forwarding.Dsr : Forwarding.Snat,
        };
        return ForwardingCompiler.Compile(cluster.Build(), options, previous: null);
    }

    private static void Require(TestRunResult result, Verdict expected, string program)
    {
        if ((Verdict)(int)result.ReturnValue != expected)
            throw new InvalidOperationException($"{program}: {(Verdict)(int)result.ReturnValue}");
    }

    /// <param name="next">Number of the first flow, or a seed.</param>
    /// <param name="flows">0: in order.</param>
    private TestRunResult Run(string program, PacketBuilder packet, ulong next, uint flows, int repeat)
    {
        var bytes = packet.Build();
        bench.Update(0, BenchFlows.Of(bytes, next, flows));
        var device = PacketLab.Wan.Index;
        return node.Netns.Run(() => programs[program].TestRun(new TestRunRequest
        {
            Data = bytes, DataOutCapacity = 4096, Repeat = repeat,
            Context = AtTc.Contains(program) ? new SkbContext(device).ToBytes() : new XdpContext(bytes.Length, device).ToBytes(),
        }));
    }
}
