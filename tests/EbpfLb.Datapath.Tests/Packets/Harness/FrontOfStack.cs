using System.Diagnostics;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>
/// The XDP program at the devices of <see cref="PacketLab"/>, over the maps of the tc programs. Each packet that comes in is given to it
/// first: what it takes must leave as tc, which knows its flow by then, lets it leave, and what it passes must be untouched.
/// </summary>
internal sealed class FrontOfStack : IDisposable
{
    public const string Program = "lb_xdp";

    private const int MacBytes = 12;

    /// <summary>XDP_DROP, XDP_PASS, XDP_TX and XDP_REDIRECT.</summary>
    private const uint Drop = 1, Pass = 2, Transmit = 3, Redirect = 4;

    /// <summary>What a test run of XDP takes: a page less its head and tail room.</summary>
    private const int LongestPacket = 3000;

    /// <summary>Nanoseconds of CLOCK_MONOTONIC_COARSE.</summary>
    private const long TickLength = 1L << (int)LbCtClock.TickShift;

    /// <summary>Milliseconds by which the coarse clock may be behind: a jiffy at 100 Hz.</summary>
    private const double ClockStep = 10;

    /// <summary>What a packet may take from XDP to tc, the coarse clock's step and a busy machine included.</summary>
    private static readonly TimeSpan LongestWay = TimeSpan.FromMilliseconds(100);

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

    /// <summary>Devices whose frames have their index as a tag, and go by <see cref="PacketLab.Pods"/>.</summary>
    public HashSet<int> Tagged { get; } = [];

    /// <summary>How many packets it took so far.</summary>
    public int Taken { get; private set; }

    /// <summary>What becomes of a packet that it sees and then, if it lets it go on, <paramref name="tc"/>.</summary>
    public PacketResult Run(byte[] packet, int ifindex, Func<PacketResult> tc)
    {
        if (packet.Length is < MacBytes + 2 or > LongestPacket) return tc();
        AwaitRoomInTick();
        var before = Sum(LbReason.PktXdp);
        var (frame, device) = Tagged.Contains(ifindex) ? (WithTag(packet, ifindex), PacketLab.Pods.Index) : (packet, ifindex);
        var result = RunHere(frame, device);
        var (taken, counted) = (result.ReturnValue is Transmit or Redirect, Sum(LbReason.PktXdp) - before);
        Require(taken || result.ReturnValue is Drop or Pass, $"XDP answered {result.ReturnValue}");
        Require(counted == (taken ? 1 : 0), $"XDP counted {counted} packets as sent of one that it answered with {result.ReturnValue}");
        Require(taken || frame.AsSpan().SequenceEqual(result.Data), "XDP changed a packet that it did not send");
        if (result.ReturnValue == Drop) return new PacketResult(Verdict.Drop, packet);
        if (!taken) return tc();

        Taken++;
        // As a packet that is sent twice. What tc counts of it is taken back.
        var counts = Enumerable.Range(0, (int)LbReason.Max).Select(i => Read((LbReason)i)).ToList();
        var putBack = tables.KeepTraffic();
        var byTc = tc();
        putBack();
        for (var i = 0; i < counts.Count; i++) tables.Stats.Update((uint)i, counts[i]);
        AssertSame(WithoutTag(result.Data), byTc);
        return byTc;
    }

    /// <summary>Just what XDP makes of a frame.</summary>
    public TestRunResult RunHere(byte[] frame, int ifindex) => program.TestRun(new TestRunRequest
    {
        Data = frame, DataOutCapacity = LongestPacket * 2, Context = new XdpContext(frame.Length, ifindex).ToBytes(),
    });

    private static byte[] WithTag(byte[] packet, int id) => [.. packet[..MacBytes], 0x81, 0, 0, (byte)id, .. packet[MacBytes..]];

    /// <summary>To the neighbours of VLANs frames have theirs, to others none.</summary>
    private byte[] WithoutTag(byte[] frame)
    {
        var device = frame[5];
        if (!Tagged.Contains(device)) return frame;
        byte[] tag = [0x81, 0, 0, device];
        Require(
            frame.AsSpan(MacBytes, tag.Length).SequenceEqual(tag),
            $"XDP sent {Convert.ToHexString(frame[..18])} to a neighbour in VLAN {device}");
        return [.. frame[..MacBytes], .. frame[(MacBytes + tag.Length)..]];
    }

    /// <summary>
    /// A flow whose packet came in one tick to XDP and in the next to tc would have been seen twice, and stand in two places of the rings.
    /// </summary>
    private static void AwaitRoomInTick()
    {
        var left = (TickLength - (Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency)) % TickLength) / 1e6;
        if (left < LongestWay.TotalMilliseconds) Thread.Sleep(TimeSpan.FromMilliseconds(left + ClockStep));
        // A tick has begun, but not yet by the coarse clock.
        else if (left > TickLength / 1e6 - ClockStep) Thread.Sleep(TimeSpan.FromMilliseconds(ClockStep));
    }

    /// <summary>The packet left as it does by tc, whose neighbour writes the link header later.</summary>
    private static void AssertSame(byte[] byXdp, PacketResult byTc)
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

    private long Sum(LbReason reason) => Read(reason).Sum(v => (long)v.Count);

    private static void Require(bool isTrue, string problem)
    {
        if (!isTrue) throw new InvalidOperationException(problem);
    }
}
