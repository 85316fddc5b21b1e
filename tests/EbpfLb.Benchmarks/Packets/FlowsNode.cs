using EbpfLb.Abi;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>
/// The programs of bpf/bench/flows.bpf.c on a node with so many established connections of each family to one of its pods.
/// </summary>
internal sealed class FlowsNode : IDisposable
{
    public const string Floor = "b_packet_only", Requests = "b_flow_in", Replies = "b_flow_out";

    private const int Tcp = 6;

    /// <summary>Flows opened in one go: fewer than there are places for half-open ones.</summary>
    private const int Chunk = 10_000;

    private static readonly string[] Names = [Requests, Replies, Floor];
    private readonly PacketProgram node;
    private readonly BpfMap<uint, BenchFlows> bench;
    private readonly Dictionary<string, BpfProgram> programs;
    private readonly ulong opened;

    public FlowsNode(int flows)
    {
        node = new PacketProgram(Path.Combine("bench", "flows.bpf.o"), Names, bpf =>
        {
            foreach (var table in new Table[] { Tables.Conntrack4, Tables.Conntrack6 }) bpf.Map(table.Name).MaxEntries = 2 * (uint)flows;
            bpf.Map(Tables.CtPending.Name).MaxEntries = 6 * Chunk;
        });
        // Half-open flows leave a quarter of the source ports free, whether or not they take any.
        node.Settings = node.Settings with { SnatPortFirst = 1024, SnatPortLast = 65535 };
        bench = node.Object.OpenMap<uint, BenchFlows>("b_flows");
        programs = Names.ToDictionary(name => name, node.Object.OpenProgram);
        foreach (var family in Enum.GetValues<Family>()) Open(family, flows);
        opened = 2 * (ulong)flows;
        CheckOpened();
    }

    /// <summary>Nanoseconds per flow that was opened, for each go: none had to give way.</summary>
    public Dictionary<Family, Samples> Opening { get; } = Enum.GetValues<Family>().ToDictionary(family => family, _ => new Samples());

    /// <summary>Nanoseconds per packet of flows that are taken at random, always the same for a seed, from the first so many.</summary>
    public double Measure(string program, Family family, int flows, ulong seed, int repeat)
    {
        var result = Run(
            program, family, program == Replies ? Reply(family, TcpFlags.Ack) : Request(family, TcpFlags.Ack), seed, (uint)flows, repeat);
        if ((Verdict)(int)result.ReturnValue != Verdict.Pass)
            throw new InvalidOperationException($"{program}: {(Verdict)(int)result.ReturnValue}");
        CheckOpened();
        return result.DurationNanoseconds;
    }

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        bench.Dispose();
        node.Dispose();
    }

    /// <summary>Each flow once: a packet of one that is not there would open it, and cost more.</summary>
    private void CheckOpened()
    {
        if (node.Count(LbReason.PktNew) != opened)
            throw new InvalidOperationException(
                $"{node.Count(LbReason.PktNew)} flows were opened, not {opened}: {string.Join(", ", node.Counts())}");
    }

    private void Open(Family family, int flows)
    {
        var at = Ends.Of(family);
        node.Serve(new ServiceSpec(Tcp, new FrontendSpec(at.Vip, 80, LbServiceFlag.External | LbServiceFlag.LbVip))
        {
            Backends = [new BackendSpec(at.LocalPod, 8080, OnThisNode: true)],
        });
        for (var first = 0; first < flows; first += Chunk)
        {
            var count = Math.Min(Chunk, flows - first);
            Opening[family].Add(Run(Requests, family, Request(family, TcpFlags.Syn), (ulong)first, 0, count).DurationNanoseconds);
            Run(Replies, family, Reply(family, TcpFlags.Syn | TcpFlags.Ack), (ulong)first, 0, count);
            Run(Requests, family, Request(family, TcpFlags.Ack), (ulong)first, 0, count);
        }
    }

    private static PacketBuilder Request(Family family, TcpFlags flags) =>
        PacketBuilder.From(Ends.Of(family).Client, 1).To(Ends.Of(family).Vip, 80).Tcp(flags, 1001, 5001).Payload(100);

    private static PacketBuilder Reply(Family family, TcpFlags flags) =>
        PacketBuilder.From(Ends.Of(family).LocalPod, 8080).To(Ends.Of(family).Client, 1).Tcp(flags, 5001, 1001).Payload(100);

    /// <param name="next">Number of the first flow, or a seed.</param>
    /// <param name="flows">0: in order.</param>
    private TestRunResult Run(string program, Family family, PacketBuilder packet, ulong next, uint flows, int repeat)
    {
        var bytes = packet.Build();
        bench.Update(0, BenchFlows.Of(bytes, next, flows, isReply: program == Replies));
        return node.Netns.Run(() => programs[program].TestRun(new TestRunRequest
        {
            Data = bytes, DataOutCapacity = 4096, Context = new SkbContext(PacketLab.Wan.Index).ToBytes(), Repeat = repeat,
        }));
    }
}
