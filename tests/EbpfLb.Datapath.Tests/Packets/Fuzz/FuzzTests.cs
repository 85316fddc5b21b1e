using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Fuzz;

/// <summary>
/// Packets of the matrix, damaged. Whatever they are: none leaves half translated or with a checksum that is wrong in another way than
/// before, and flows keep both their entries. EBPFLB_FUZZ=N tries N times as many, EBPFLB_FUZZ_SEED=S others (`make fuzz`).
/// </summary>
public class FuzzTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    private const int Packets = 15000;

    /// <summary>Packets between two fresh starts.</summary>
    private const int Stretch = 250;

    /// <summary>EBADMSG: see <see cref="PacketProgram"/>.</summary>
    private const Errno BadMessage = (Errno)74;

    private static readonly LbReason[] Answers = [LbReason.PktRejected, LbReason.PktTooBig, LbReason.PktTtl];

    private static int FirstSeed { get; } = int.Parse(Environment.GetEnvironmentVariable("EBPFLB_FUZZ_SEED") ?? "1");

    private static int Times { get; } = int.Parse(Environment.GetEnvironmentVariable("EBPFLB_FUZZ") ?? "1");

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(FirstSeed, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_damaged_packet_leaves_half_translated(int seed)
    {
        var mutator = new Mutator(seed);
        var packets = Packets * Times;
        var corpus = Corpus.Open(Program);
        var bytes = corpus.ConvertAll(packet => packet.Bytes);
        var translated = 0;
        for (var i = 0; i < packets; i++)
        {
            if (i % Stretch == Stretch - 1)
            {
                Assert.Empty(Invariants.Single(Program.Tables.Flows()));
                Program.Reset();
                Corpus.Open(Program);
            }
            var chosen = mutator.Pick(corpus);
            var sent = mutator.Change(chosen.Bytes, bytes);
            var answers = Count(Answers);
            var given = Program.Count(LbReason.DropRewrite);
            PacketResult result;
            try
            {
                // Every other one as from a device that took a sum of the packet, which must stay true. Not of what is tagged: what
                // becomes of the tag is the kernel's.
                result = Program.Run(
                    chosen.Hook, sent, new SkbContext(chosen.Device.Index), checksumComplete: i % 2 == 0 && sent[12] != 0x81);
            }
            catch (BpfException untrue) when (untrue.Errno == BadMessage)
            {
                if (Count(Answers) > answers || Program.Count(LbReason.DropRewrite) > given) continue;
                result = Program.Run(chosen.Hook, sent, new SkbContext(chosen.Device.Index));
                Assert.Fail(Report("the device's sum of the packet is untrue", seed, i, chosen, sent, result));
                throw;
            }
            var answered = Count(Answers) > answers;
            if (!answered && result.Verdict != Verdict.Drop && !sent.AsSpan().SequenceEqual(result.Packet)) translated++;
            if (Invariants.Broken(chosen.Hook, sent, result, answered, Program.Tables.Flows) is { } broken)
                Assert.Fail(Report(broken, seed, i, chosen, sent, result));
        }
        // Or the damage is such that nothing is tested.
        Assert.InRange(translated, packets / 10, packets);
    }

    /// <summary>Frames of any length, some with the beginning of a good one, at every device and hook, while flows are open.</summary>
    [Fact]
    public void Bytes_that_are_no_packet_at_all_are_passed_unchanged_or_dropped()
    {
        var random = new Random(FirstSeed);
        var corpus = Corpus.Open(Program);
        var dropped = 0;
        for (var i = 0; i < Packets * Times; i++)
        {
            var sent = new byte[random.Next(4) == 0 ? random.Next(14, 3000) : random.Next(14, 120)];
            random.NextBytes(sent);
            var like = corpus[random.Next(corpus.Count)];
            // Up to where addresses begin at most: what has those of a flow is no noise.
            like.Bytes.AsSpan(0, Math.Min(random.Next(0, 26), sent.Length)).CopyTo(sent);
            // By these types the kernel looks for whole headers before a test run.
            if (sent.Length < Mutator.Shortest && sent[12] is 0x08 or 0x86) sent[12] = 0x88;
            var device = PacketLab.Devices[random.Next(PacketLab.Devices.Count)];
            var result = Program.Run(random.Next(2) == 0 ? LbCtHook.Ingress : LbCtHook.Egress, sent, new SkbContext(device.Index));
            if (result.Verdict == Verdict.Drop) dropped++;
            else if (result.Verdict != Verdict.Pass || !sent.AsSpan().SequenceEqual(result.Packet))
                Assert.Fail(Report("noise was taken for a packet of ours", FirstSeed, i, like with { Device = device }, sent, result));
        }
        Assert.InRange(dropped, 0, Packets * Times / 2);
    }

    private static string Report(string broken, int seed, int index, CorpusPacket chosen, byte[] sent, PacketResult result) =>
        $"{broken}\nseed {seed}, packet {index}, {chosen.Hook} at {chosen.Device.Name}, verdict {result.Verdict}\n"
        + $"{string.Join('\n', PacketDifference.Of(sent, result.Packet))}\n{PacketReader.Read(sent)}\n"
        + $"{Convert.ToHexString(sent)}\n{Convert.ToHexString(result.Packet)}";

    private ulong Count(LbReason[] reasons) => reasons.Aggregate(0ul, (sum, reason) => sum + Program.Count(reason));
}
