using System.Buffers.Binary;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Probes;

/// <summary>
/// Runs the program of incoming packets over packets of our own (BPF_PROG_TEST_RUN). It reads the instance's tables, which programs
/// cannot write, and has flows, affinity, counters and events to itself: nothing of the instance changes, and nothing is sent.
/// </summary>
public sealed class PacketProbe : IDisposable
{
    /// <summary>The client's.</summary>
    public const ushort SourcePort = 40_000;

    private const string Program = "lb_in";
    private const int SkbSize = 192;
    private const int SkbIngressIfindex = 36;
    private const int SkbIfindex = 40;
    private const int ActionDrop = 2;
    private const int ActionRedirect = 7;

    /// <summary>
    /// What programs only read: most by their flag, three cannot have it as the agent maps them. All others are ours, and small.
    /// </summary>
    private static readonly HashSet<string> Shared =
    [
        .. Abi.Tables.All.Where(t => (t.Flags & (uint)MapFlags.ReadOnlyProgram) != 0 && t.Name != Abi.Tables.Meta.Name).Select(t => t.Name),
        Abi.Tables.Slots.Name, Abi.Tables.Maglev.Name, Abi.Tables.Backends.Name,
    ];

    private static readonly Dictionary<string, uint> Own = new()
    {
        [Abi.Tables.Affinity.Name] = 128, [Abi.Tables.Conntrack4.Name] = 128, [Abi.Tables.Conntrack6.Name] = 128,
        [Abi.Tables.CtPending.Name] = 128,
        [Abi.Tables.Frags.Name] = 128, [Abi.Tables.UdpPeer.Name] = 128, [Abi.Tables.SvcStats.Name] = 1, [Abi.Tables.Events.Name] = 4096,
        [Abi.Tables.Traces.Name] = 4096,
    };

    private readonly BpfProgram program;
    private readonly PerCpuMap<uint, LbStat> stats;
    private readonly BpfMap<LbAffKey, LbAff> affinity;
    private readonly BpfMap<LbCtKey4, LbCt4> flows4;
    private readonly BpfMap<LbCtKey6, LbCt6> flows6;
    private readonly BpfMap<uint, ulong> filter;
    private readonly BpfMap<uint, ulong> instanceFilter;
    private Dictionary<LbReason, ulong> before = [];

    private PacketProbe(BpfObject bpf, BpfMap<uint, ulong> instanceFilter)
    {
        this.instanceFilter = instanceFilter;
        filter = bpf.OpenMap<uint, ulong>(Abi.Tables.Filter.Name);
        program = bpf.OpenProgram(Program);
        stats = new PerCpuMap<uint, LbStat>(bpf.OpenMap(Abi.Tables.Stats.Name));
        affinity = bpf.OpenMap<LbAffKey, LbAff>(Abi.Tables.Affinity.Name);
        flows4 = bpf.OpenMap<LbCtKey4, LbCt4>(Abi.Tables.Conntrack4.Name);
        flows6 = bpf.OpenMap<LbCtKey6, LbCt6>(Abi.Tables.Conntrack6.Name);
    }

    /// <summary>Loads the program beside the pinned tables; null when the instance has none of this version.</summary>
    /// <exception cref="BpfException">The kernel refuses it.</exception>
    public static PacketProbe? Open(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name))) return null;
        using var bpf = ProgramLoader.OpenObject([Program], null);
        foreach (var candidate in bpf.Programs.Values) candidate.AutoLoad = candidate.Name == Program;
        // With tunnels, of whatever kind: only where an agent has them do backends have nodes.
        foreach (var knob in new DatapathConfig
        {
            SvcStats = 0, CheckFrame = 0, AnswerGapNs = 0, AnswersGapNs = 0, Tunnel = (byte)TunnelKind.IpIp,
        }.Knobs())
            bpf.Knobs.Set(knob.Name, knob.Bytes.Span);
        List<BpfMap> pinned = [];
        try
        {
            foreach (var map in bpf.Maps.Values.Where(m => !m.IsInternal))
            {
                if (Own.TryGetValue(map.Name, out var entries)) map.MaxEntries = entries;
                if (!Shared.Contains(map.Name)) continue;
                var existing = BpfMap.OpenPinned(paths.Map(map.Name));
                pinned.Add(existing);
                map.Reuse(existing);
            }
            bpf.Load();
        }
        finally
        {
            foreach (var map in pinned) map.Dispose();
        }
        return new PacketProbe(bpf, BpfMap.OpenPinned<uint, ulong>(paths.Map(Abi.Tables.Filter.Name)));
    }

    /// <summary>Lets the program remember what the instance remembers of a client.</summary>
    public void Remember(LbAffKey key, LbAff value) => affinity.Update(key, value);

    /// <summary>Runs the first packet of the connection as it would come in by a device, in the network namespace of this thread.</summary>
    /// <param name="client">Of the family of <paramref name="frontend"/>.</param>
    /// <param name="device">Index of the device.</param>
    public ProbeAnswer Run(IpAddress client, Frontend frontend, int device)
    {
        var context = new byte[SkbSize];
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(SkbIngressIfindex), device);
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(SkbIfindex), device);
        // Our filter lets all packets through. Which addresses have flows without entries the instance's knows.
        if (instanceFilter.TryLookup(FilterBits.Untracked, out var untracked)) filter.Update(FilterBits.Untracked, untracked);
        before = Counts();
        var result = program.TestRun(new TestRunRequest
        {
            Data = ProbePacket.Create(new BackendAddress(client, SourcePort), frontend), DataOutCapacity = 4096, Context = context,
        });
        var tunnel = ProbePacket.TunnelOf(result.Data);
        var ends = ProbePacket.Read(tunnel is null ? result.Data : ProbePacket.Inside(result.Data)) ?? default;
        var isDirect = (int)result.ReturnValue == ActionRedirect;
        ReasonCount[] reasons = [.. Counted()];
        var outcome = (int)result.ReturnValue == ActionDrop ? ProbeOutcome.Dropped
            : reasons.Any(r => r.Reason == LbReason.PktNew) ? ProbeOutcome.Translated
            : isDirect && ends.Destination.Address == client ? ProbeOutcome.Refused
            : ProbeOutcome.Passed;
        Forget();
        return new ProbeAnswer(outcome, ends.Source, ends.Destination, isDirect, reasons) { Tunnel = tunnel };
    }

    public void Dispose()
    {
        program.Dispose();
        stats.Dispose();
        affinity.Dispose();
        flows4.Dispose();
        flows6.Dispose();
        filter.Dispose();
        instanceFilter.Dispose();
    }

    /// <summary>The next packet is the first of its flow too.</summary>
    private void Forget()
    {
        foreach (var (key, _) in flows4.Entries().ToList()) flows4.Delete(key);
        foreach (var (key, _) in flows6.Entries().ToList()) flows6.Delete(key);
    }

    private IEnumerable<ReasonCount> Counted() => CounterReader.Read(stats)
        .Select(r => r with { Count = r.Count - before.GetValueOrDefault(r.Reason) }).Where(r => r.Count > 0);

    private Dictionary<LbReason, ulong> Counts() => CounterReader.Read(stats).ToDictionary(r => r.Reason, r => r.Count);
}
