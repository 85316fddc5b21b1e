using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>
/// The XDP program at the devices of <see cref="PacketLab"/>, over the maps of the tc programs. It writes nothing about a flow, so that
/// each packet that comes in can be given to it first: what it takes must leave as tc lets it leave, and what it passes be untouched.
/// </summary>
internal sealed class FrontOfStack : IDisposable
{
    public const string Program = "lb_xdp";

    private const int MacBytes = 12;

    /// <summary>XDP_PASS, XDP_TX and XDP_REDIRECT.</summary>
    private const uint Pass = 2, Transmit = 3, Redirect = 4;

    /// <summary>What a test run of XDP takes: a page less its head and tail room.</summary>
    private const int LongestPacket = 3000;

    private static readonly LbReason[] Counters = [
        LbReason.PktReply, LbReason.PktToRemote, LbReason.PktToNode, LbReason.PktUntracked, LbReason.PktNew, LbReason.PktXdp,
    ];

    private readonly BpfProgram program;
    private readonly PacketTables tables;
    private readonly List<BpfLink> links;

    /// <summary>Attached, as a test run needs a device with XDP; nothing ever comes in by these.</summary>
    public FrontOfStack(BpfObject bpf, PacketTables tables, ScratchNetns netns)
    {
        program = bpf.OpenProgram(Program);
        this.tables = tables;
        links = Attach(program, netns);
    }

    /// <summary>Puts an XDP program at every device of the lab.</summary>
    public static List<BpfLink> Attach(BpfProgram program, ScratchNetns netns)
        => netns.Run(() => PacketLab.Devices.Select(d => BpfLink.AttachXdp(program, d.Index, isGeneric: false)).ToList());

    /// <summary>How many packets it took so far.</summary>
    public int Taken { get; private set; }

    /// <summary>What it makes of the packet; null: it leaves it to tc.</summary>
    /// <param name="keepCounters">Leave what it counted; else there is no trace of this run.</param>
    public byte[]? Run(byte[] packet, int ifindex, bool keepCounters = false)
    {
        if (packet.Length is < MacBytes + 2 or > LongestPacket) return null;
        var before = Counters.Select(Read).ToList();
        var result = program.TestRun(new TestRunRequest
        {
            Data = packet, DataOutCapacity = LongestPacket * 2, Context = new XdpContext(packet.Length, ifindex).ToBytes(),
        });
        if (result.ReturnValue == Pass)
        {
            Require(packet.AsSpan().SequenceEqual(result.Data), "XDP passed a packet and had changed it");
            Require(
                before.SelectMany(v => v).SequenceEqual(Counters.Select(Read).SelectMany(v => v)), "XDP counted a packet that it passed");
            return null;
        }
        Require(result.ReturnValue is Transmit or Redirect, $"XDP answered {result.ReturnValue}");
        Require(Sum(Read(LbReason.PktXdp)) == Sum(before[^1]) + 1, "XDP took a packet and did not count it once");
        for (var i = 0; i < Counters.Length && !keepCounters; i++) tables.Stats.Update((uint)Counters[i], before[i]);
        Taken++;
        return result.Data;
    }

    /// <summary>The packet left as it does by tc, whose neighbour writes the link header later.</summary>
    public static void AssertSame(byte[] byXdp, PacketResult byTc)
    {
        Require(byTc.Verdict == Verdict.Redirect, $"XDP took a packet of which tc says {byTc.Verdict}");
        var neighbours = PacketLab.Devices.Select(d => (byte[])[0x02, 0, 0, 0, 0x01, (byte)d.Index]);
        Require(neighbours.Any(n => byXdp.AsSpan(..6).SequenceEqual(n)), "XDP sent to a link address that no neighbour has");
        Require(
            byXdp.AsSpan(6..MacBytes).SequenceEqual(LinkHeader.Default.Destination.GetAddressBytes()),
            "XDP sent from another link address");
        var differences = PacketDifference.Of([.. byTc.Packet[..MacBytes], .. byXdp[MacBytes..]], byTc.Packet);
        Require(differences.Count == 0, $"XDP -> tc:\n{string.Join('\n', differences)}");
    }

    public void Dispose()
    {
        foreach (var link in links) link.Dispose();
        program.Dispose();
    }

    private LbStat[] Read(LbReason reason)
    {
        var values = new LbStat[tables.Stats.CpuCount];
        tables.Stats.TryLookup((uint)reason, values);
        return values;
    }

    private static long Sum(LbStat[] values) => values.Sum(v => (long)v.Count);

    private static void Require(bool isTrue, string problem)
    {
        if (!isTrue) throw new InvalidOperationException(problem);
    }
}
