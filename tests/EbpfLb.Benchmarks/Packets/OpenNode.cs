using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>
/// The programs of bpf/bench/open.bpf.c on a node with a service whose backend is one of its pods, and one whose is remote.
/// </summary>
internal sealed class OpenNode : IDisposable
{
    public const string Floor = "b_packet_only", Steps = "b_steps", Whole = "b_whole", Insert = "b_insert", Delete = "b_delete",
        Remove = "b_remove";

    /// <summary>Places in the ring of half-open flows: more than any measurement has flows.</summary>
    private const uint Ring = 1 << 15;

    private const int HeadLength = 96;
    private const int Tcp = 6;
    private const int ClientPort = 32768;
    private static readonly string[] Names = [Whole, Steps, Floor, Insert, Delete, Remove];

    /// <summary>MSS, SACK permitted, timestamp, window scale, as a SYN of Linux has them.</summary>
    private static readonly byte[] LinuxOptions = [2, 4, 5, 180, 4, 2, 8, 10, 0, 1, 2, 3, 0, 0, 0, 0, 1, 3, 3, 7];

    private readonly PacketProgram node;
    private readonly BpfMap<uint, BenchOpen> bench;
    private readonly Dictionary<string, BpfProgram> programs;
    private readonly LbSettings settings;

    /// <param name="objects">Directory of the built objects.</param>
    public OpenNode(string objects)
    {
        node = new PacketProgram(Path.Combine(objects, "bench", "open.bpf.o"), Names, bpf =>
        {
            foreach (var table in new Table[] { Tables.Conntrack4, Tables.Conntrack6 }) bpf.Map(table.Name).MaxEntries = 1 << 17;
            bpf.Map(Tables.CtPending.Name).MaxEntries = 3 * Ring;
        });
        // As many source ports as the agent takes when nothing says otherwise.
        node.Settings = settings = node.Settings with { SnatPortFirst = 1024, SnatPortLast = 65535 };
        bench = node.Object.OpenMap<uint, BenchOpen>("b_open");
        programs = Names.ToDictionary(name => name, node.Object.OpenProgram);
        foreach (var at in Enum.GetValues<Family>().Select(Ends.Of))
        {
            node.Serve(new ServiceSpec(Tcp, new FrontendSpec(at.ExternalIp, 80, LbServiceFlag.External))
            {
                Backends = [new BackendSpec(at.RemotePod, 8080)],
            });
            node.Serve(new ServiceSpec(Tcp, new FrontendSpec(at.Vip, 80, LbServiceFlag.External | LbServiceFlag.LbVip))
            {
                Backends = [new BackendSpec(at.LocalPod, 8080, OnThisNode: true)],
            });
        }
    }

    /// <summary>No places in the ring that were those of flows.</summary>
    /// <param name="used">How many of its places may be.</param>
    public void EmptyRing(int used)
    {
        var keys = Enumerable.Range(0, used).Select(i => (uint)i).ToArray();
        node.Tables.CtPending.UpdateBatch(keys, new LbCtKey6[keys.Length]);
        node.Tables.CtCursor.Update(0, default);
    }

    /// <summary>No flows; their places in the ring are as they were. Reads all of the tables, and so leaves the caches cold.</summary>
    public void EmptyTables()
    {
        node.Tables.Conntrack4.DeleteBatch(node.Tables.Conntrack4.Entries().Select(entry => entry.Key).ToArray());
        node.Tables.Conntrack6.DeleteBatch(node.Tables.Conntrack6.Entries().Select(entry => entry.Key).ToArray());
    }

    /// <summary>Nanoseconds for each of so many new flows.</summary>
    /// <param name="program">One of the names above.</param>
    /// <param name="family">Of addresses.</param>
    /// <param name="toRemote">The backend is on another node.</param>
    /// <param name="flows">How many.</param>
    /// <param name="last">Of <see cref="Steps"/>, the last one.</param>
    /// <param name="first">Number of the first flow: another number, another client port.</param>
    /// <param name="places">In the ring of half-open flows.</param>
    public double Measure(
        string program, Family family, bool toRemote, int flows, OpenStep last = default, int first = 0, uint places = Ring)
    {
        node.Settings = settings with { CtPending = 3 * places };
        var at = Ends.Of(family);
        var bytes = PacketBuilder.From(at.Client, ClientPort).To(toRemote ? at.ExternalIp : at.Vip, 80)
            .Tcp(TcpFlags.Syn, 1001, 0, LinuxOptions).Payload(100).Build();
        var value = new BenchOpen
        {
            PortAt = (uint)PacketReader.Read(bytes).Ip.Transport,
            Next = (uint)first,
            Last = (uint)last,
        };
        bytes.AsSpan(0, HeadLength).CopyTo(MemoryMarshal.AsBytes(new Span<BenchOpen>(ref value)));
        bench.Update(0, value);
        var result = node.Netns.Run(() => programs[program].TestRun(new TestRunRequest
        {
            Data = bytes, DataOutCapacity = 4096, Context = new SkbContext(PacketLab.Wan.Index).ToBytes(), Repeat = flows,
        }));
        var expected = program == Whole && toRemote ? Verdict.Redirect : Verdict.Pass;
        if ((Verdict)(int)result.ReturnValue != expected)
            throw new InvalidOperationException(
                $"{program} {last}: {(Verdict)(int)result.ReturnValue}; {string.Join(", ", node.Counts())}");
        return result.DurationNanoseconds;
    }

    /// <summary>Flows that are in the tables, both families.</summary>
    public int Flows() => (node.Tables.Conntrack4.Keys().Count + node.Tables.Conntrack6.Keys().Count) / 2;

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        bench.Dispose();
        node.Dispose();
    }

    /// <summary>struct bench_open.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 112)]
    private struct BenchOpen
    {
        [FieldOffset(96)] public uint PortAt;
        [FieldOffset(100)] public uint Next;
        [FieldOffset(104)] public uint Last;
    }
}
