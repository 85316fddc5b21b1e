using System.Net;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>What is really on the wire at the client, as tcpdump prints it.</summary>
[Trait("needs", "tcpdump")]
public sealed class WireTests(TransferTests.NarrowCluster narrow) : IClassFixture<TransferTests.NarrowCluster>
{
    private readonly TestCluster cluster = narrow.Value;

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_client_never_sees_an_address_that_it_did_not_talk_to(Family family)
    {
        var served = cluster.Publish("a", "c");
        var empty = cluster.Publish();
        var ways = Enum.GetValues<Way>();
        var asked = ways.SelectMany(way
            => new[] { served, empty }.Select(s => IPEndPoint.Parse(s.Address(cluster, way, family)).Address)).ToHashSet();
        using var dump = ChildProcess.Start(cluster.Client.Place,
            [RepositoryPaths.Tool("tcpdump"), "-i", "eth0", "-nn", "-l", "--immediate-mode", "-s", "256", "-Q", "in", Filter(family)]);
        Eventually.True(() => dump.Output.Contains("listening on", StringComparison.Ordinal), "tcpdump to listen");

        foreach (var way in ways)
        {
            var to = served.Address(cluster, way, family);
            foreach (var mode in Enum.GetValues<LoadMode>())
            {
                Assert.True(cluster.Probe.Load(mode, to, 20).IsClean);
                cluster.Probe.Load(
                    new LoadSpec(mode, empty.Address(cluster, way, family)) { Count = 2, Timeout = TimeSpan.FromMilliseconds(100) });
            }
            Assert.True(cluster.Probe.Load(new LoadSpec(LoadMode.Udp, to) { Count = 6, Bytes = 4000 }).Answered > 0);
            cluster.Probe.Do($"bulk to={to} up=3000000 down=3000000");
        }
        dump.Signal(2);
        dump.WaitForExit();

        // "12:00:00.123456 IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], ..."; an ICMP error tells of what it quotes on the same line.
        var lines = Regex.Matches(dump.Output, @"^[0-9:.]+ IP6? (?<source>[0-9a-f.:]+) > ",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(20));
        var sources = lines.Select(line => Address(line.Groups["source"].Value)).Where(ip => !ip.IsIPv6LinkLocal).ToHashSet();
        Assert.True(sources.IsSubsetOf(asked), $"foreign: {string.Join(' ', sources.Except(asked))}");
        Assert.True(asked.IsSubsetOf(sources), $"not seen: {string.Join(' ', asked.Except(sources))}");
    }

    /// <summary>All but what a router and its neighbour say about themselves (neighbour discovery, types from 133 on).</summary>
    private static string Filter(Family family) => family == Family.IPv6 ? "ip6 and not (icmp6 and ip6[40] >= 133)" : "ip";

    /// <summary>"10.0.0.1.80", "10.0.0.1", "fd00::1.80" or "fd00::1".</summary>
    private static IPAddress Address(string text)
    {
        if (IPAddress.TryParse(text, out var whole) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3))
            return whole;
        return IPAddress.Parse(text[..text.LastIndexOf('.')]);
    }
}
