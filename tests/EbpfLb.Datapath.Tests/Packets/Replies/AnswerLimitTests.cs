using System.Diagnostics;
using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

/// <summary>
/// RFC 4443 2.4 (f): answers have a rate, as the kernel's own have. Here the node sends ten a second, and 20 ICMP errors at once.
/// </summary>
public sealed class AnswerLimitTests : IDisposable
{
    private const int PerSecond = 10;
    private const int Burst = 20;

    /// <summary>To one address (LB_ANSWER_BURST), one more each second.</summary>
    private const int BurstToOne = 6;

    private readonly PacketProgram program = new(bpf =>
    {
        foreach (var knob in new DatapathConfig { AnswersGapNs = 1_000_000_000 / PerSecond, AnswersBurst = Burst }.Knobs())
            bpf.Knobs.Set(knob.Name, knob.Bytes.Span);
    });

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [MemberData(nameof(Families))]
    public void One_address_gets_a_burst_of_six_ICMP_errors_and_then_one_a_second(Family family)
    {
        Serve(L4.Udp, family);
        Check(Ask(L4.Udp, family, clients: 1, 18), BurstToOne, 1);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Many_addresses_get_the_ICMP_errors_of_the_node(Family family)
    {
        Serve(L4.Udp, family);
        Check(Ask(L4.Udp, family, clients: 200, 200), Burst, PerSecond);
    }

    /// <summary>They are no longer than what they answer, and a client that tries again at once is to be told again.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Resets_have_the_rate_of_the_node_and_a_burst_of_a_second(Family family)
    {
        Serve(L4.Tcp, family);
        Check(Ask(L4.Tcp, family, clients: 1, 100), PerSecond, PerSecond);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Resets_and_ICMP_errors_have_buckets_of_their_own(Family family)
    {
        Serve(L4.Tcp, family);
        Serve(L4.Udp, family);
        Ask(L4.Tcp, family, clients: 1, 100);
        Check(Ask(L4.Udp, family, clients: 100, 100), Burst, PerSecond);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Time_exceeded_has_the_same_limit(Family family)
    {
        Serve(L4.Udp, family, new BackendSpec(Ends.Of(family).RemotePod, 8080));
        Check(Ask(L4.Udp, family, clients: 1, 18, hops: 1), BurstToOne, 1);
    }

    /// <summary>Path MTU discovery depends on them; the kernel's are free, too.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Packet_too_big_has_none(Family family)
    {
        Serve(L4.Udp, family, new BackendSpec(Ends.Of(family).NarrowPod, 8080));
        var asked = Ask(L4.Udp, family, clients: 1, 100, bytes: PacketLab.NarrowMtu + 50);
        Assert.Equal((100, 0ul), (asked.Answers, program.Count(LbReason.AnswerLimited)));
    }

    public void Dispose() => program.Dispose();

    private void Serve(L4 protocol, Family family, params BackendSpec[] backends) =>
        program.Serve(new ServiceSpec((byte)protocol, new FrontendSpec(Ends.Of(family).ClusterIp, 80)) { Backends = backends });

    private (int Asked, int Answers, TimeSpan Time, ulong Before) Ask(
        L4 protocol, Family family, int clients, int count, int hops = 64, int bytes = 0)
    {
        var watch = Stopwatch.StartNew();
        var (answers, before) = (0, program.Count(LbReason.AnswerLimited));
        for (var i = 0; i < count; i++)
        {
            var client = IPAddress.Parse(family == Family.IPv4 ? $"198.51.100.{i % clients + 1}" : $"2001:db8:99::{i % clients + 1:x}");
            var packet = PacketBuilder.From(client, 40000 + i).To(Ends.Of(family).ClusterIp, 80).Over(Segments.Opening(protocol))
                .Payload(bytes).Hops(hops).Build();
            var result = program.Ingress(packet);
            if (result.Verdict == Verdict.Redirect) answers++;
            else Assert.Equal((Verdict.Drop, true), (result.Verdict, packet.AsSpan().SequenceEqual(result.Packet)));
        }
        return (count, answers, watch.Elapsed, before);
    }

    /// <summary>The burst at the least; at most what has come back while it was asked, too.</summary>
    private void Check((int Asked, int Answers, TimeSpan Time, ulong Before) run, int burst, int perSecond)
    {
        Assert.InRange(run.Answers, burst, burst + (int)(run.Time.TotalSeconds * perSecond) + 1);
        Assert.Equal((ulong)(run.Asked - run.Answers), program.Count(LbReason.AnswerLimited) - run.Before);
    }
}
