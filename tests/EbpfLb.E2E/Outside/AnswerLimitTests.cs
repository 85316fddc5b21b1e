using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Whoever asks a service without endpoints may have put a victim's address for its own: it gets no more answers than a kernel gives.
/// </summary>
public sealed class AnswerLimitTests : IDisposable
{
    private const int Datagrams = 3000;

    /// <summary>To one address at once; then one a second (icmp_ratelimit).</summary>
    private const int Burst = 6;
    private TestCluster? cluster;

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Three_thousand_datagrams_get_as_few_answers_as_those_to_a_closed_port_of_the_next_node(Family family)
    {
        cluster = new TestCluster();
        var service = cluster.Publish();
        var closed = new IPEndPoint(family == Family.IPv6 ? cluster.Second.Netns.IPv6 : cluster.Second.Netns.IPv4, 9);

        var ours = Answers(
            IPEndPoint.Parse(service.Address(cluster, Way.NodePortOfFirst, family)), () => Drops.Count(cluster.First, "pkt_rejected"));
        var theirs = Answers(closed, () => Closed(family));

        // A kernel has the same burst; of IPv6 it gives back faster to clients behind a short route.
        Assert.InRange(ours.Count, Burst, Burst + (int)ours.Time.TotalSeconds + 1);
        Assert.True(theirs.Count >= Burst, $"{theirs.Count}");
        Assert.NotEqual(0, Drops.Count(cluster.First, "answer_limited"));
    }

    [Fact]
    public void The_limit_can_be_taken_away()
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = ["--answer-limit", "off"] });
        var service = cluster.Publish();

        var report = cluster.Probe.Load(
            new LoadSpec(LoadMode.UdpConnected, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4)) { Count = 100 });

        Assert.Equal([new("receive/ECONNREFUSED", 100)], report.Errors);
        Assert.Equal(0, Drops.Count(cluster.First, "answer_limited"));
    }

    public void Dispose() => cluster?.Dispose();

    /// <summary>Sends them at once; how many answers came, when most have met their end.</summary>
    private (int Count, TimeSpan Time) Answers(IPEndPoint to, Func<long> ended)
    {
        var (before, endedBefore, watch) = (Received(to), ended(), Stopwatch.StartNew());
        In(cluster!.Client.Netns, () =>
        {
            using var socket = new Socket(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            for (var i = 0; i < Datagrams; i++) socket.SendTo([], to);
            return 0;
        });
        // The queue of a device is shorter than that.
        Eventually.True(() => ended() - endedBefore >= Datagrams / 3, "datagrams to end at the node");
        Eventually.True(() => Received(to) - before >= Burst, "answers to come back");
        return (Received(to) - before, watch.Elapsed);
    }

    /// <summary>ICMP errors that the client got.</summary>
    private int Received(IPEndPoint to) => In(cluster!.Client.Netns, () => to.AddressFamily == AddressFamily.InterNetworkV6
        ? Snmp6("Icmp6InDestUnreachs")
        : Snmp("Icmp", "InDestUnreachs"));

    /// <summary>Datagrams to closed ports of the second node.</summary>
    private long Closed(Family family)
        => In(cluster!.Second.Netns.Netns, () => family == Family.IPv6 ? Snmp6("Udp6NoPorts") : Snmp("Udp", "NoPorts"));

    private static T In<T>(string netns, Func<T> work) => NetnsThread.Run($"/run/netns/{netns}", work);

    /// <summary>Two lines of a group: names, then numbers.</summary>
    private static int Snmp(string group, string name)
    {
        var lines = File.ReadLines("/proc/thread-self/net/snmp").Where(l
            => l.StartsWith($"{group}: ", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToList();
        return Number(lines[1][Array.IndexOf(lines[0], name)]);
    }

    private static int Snmp6(string name)
        => Number(File.ReadLines("/proc/thread-self/net/snmp6")
            .Single(l => l.StartsWith($"{name} ", StringComparison.Ordinal) || l.StartsWith($"{name}\t", StringComparison.Ordinal))
            .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
