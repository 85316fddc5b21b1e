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
/// that of tc too. With tunnels (by the packets' own family) there is a second Service whose flows have no entries.
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

    private readonly LbTunnel tunnel;
    private readonly Ends at;
    private readonly PacketProgram node;
    private readonly BpfObject front;
    private readonly Dictionary<string, BpfProgram> programs;
    private readonly BpfMap<uint, BenchFlows> bench;
    private readonly List<BpfLink> links;

    /// <param name="flows">Open ones, of the Service whose flows have entries.</param>
    /// <param name="tunnel">Into tunnels of this kind; none: by SNAT.</param>
    public FrontNode(int flows, LbTunnel tunnel, Family family)
    {
        (this.tunnel, at) = (tunnel, Ends.Of(family));
        node = new PacketProgram(Path.Combine("bench", "away.bpf.o"), AtTc, bpf =>
        {
            // By SNAT replies have entries of their own.
            bpf.Map(IsV4 ? Tables.Conntrack4.Name : Tables.Conntrack6.Name).MaxEntries = (uint)(HasTunnels ? flows : 2 * flows) + Chunk;
            bpf.Map(Tables.CtPending.Name).MaxEntries = 6 * Chunk;
            bpf.Map(Tables.Maglev.Name).MaxEntries = 1 << 14;
            bpf.Map(Tables.Slots.Name).MaxEntries = 1 << 12;
            bpf.Knobs.Set("cfg_tunnel", (byte)tunnel);
        });
        node.Settings = node.Settings with { SnatPortFirst = 1024, SnatPortLast = 65535 };
        node.Settings = IsV4 ? node.Settings with { Node4 = AbiAddress.To4(at.Node) }
            : node.Settings with { Node6 = AbiAddress.To16(at.Node) };
        programs = AtTc.ToDictionary(name => name, node.Object.OpenProgram);
        front = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "bench", "front.bpf.o")));
        front.Knobs.Set("cfg_tunnel", (byte)tunnel);
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
        CompiledTables.Fill(node, Table());
        for (var first = 0; first < flows; first += Chunk)
            Require(Run(Open, Tracked(TcpFlags.Syn), (ulong)first, 0, Math.Min(Chunk, flows - first)), Verdict.Pass, Open);
    }

    public PacketBuilder Tracked(TcpFlags flags) => To(at.ExternalIp, flags);

    public PacketBuilder Untracked(TcpFlags flags) => To(at.Vip, flags);

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

    private bool IsV4 => at.Family == Family.IPv4;

    private bool HasTunnels => tunnel != LbTunnel.None;

    private PacketBuilder To(IPAddress address, TcpFlags flags)
        => PacketBuilder.From(at.Client, 1).To(address, 80).Tcp(flags, 1001, 5001).Payload(100);

    private ForwardingTable Table()
    {
        var cluster = new ClusterBuilder().Node("here", addresses: [at.Node.ToString()]).Other("there", at.RemotePod.ToString());
        (string Name, IPAddress Address, Scheduler Scheduler)[] services = [("tracked", at.ExternalIp, Scheduler.Random)];
        if (HasTunnels) services = [.. services, ("untracked", at.Vip, Scheduler.Maglev)];
        // By SNAT the way to each has to be known: in the network of the other pod.
        var network = IsV4 ? $"10.244.{(HasTunnels ? 9 : 2)}." : $"fd00:244:{(HasTunnels ? 9 : 2)}::";
        string[] endpoints = [.. Enumerable.Range(1, Backends).Select(i => $"{network}{i + 100} node=there")];
        foreach (var (name, address, scheduler) in services)
        {
            cluster.Service(
                name, [$"{(IsV4 ? "10.96.0." : "fd00:96::")}{(byte)scheduler + 1}"], [":80"], externalIPs: [address.ToString()],
                scheduler: scheduler, maglevTableSize: scheduler == Scheduler.Maglev ? 65537 : 0);
            cluster.Slice(name, name, [":8080"], endpoints);
        }
        var options = new PolicyOptions
        {
            NodeName = "here", Tunnels = HasTunnels, Forwarding = HasTunnels ? Forwarding.Dsr : Forwarding.Snat,
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
