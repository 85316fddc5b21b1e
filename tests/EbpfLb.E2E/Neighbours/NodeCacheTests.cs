using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// A cache on the node that listens on the ClusterIP of a Service, as NodeLocal DNSCache does: the address is on a device of the node, so
/// it is the local stack's, and pods, host processes and packets of others reach the cache.
/// </summary>
public sealed class NodeCacheTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const string Port = "80";

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [MemberData(nameof(Families))]
    public void While_a_device_has_the_ClusterIP_the_cache_answers_and_before_and_after_it_the_backends(Family family)
    {
        var service = cluster.Publish("a", "c");
        var to = service.Address(cluster, Way.ClusterIP, family);
        foreach (var (who, probe) in Probes()) AssertAnswered(probe, to, who, ["a", "c"]);

        using (Cache(service, family))
        {
            foreach (var (who, probe) in Probes())
                Eventually.True(() => Names(probe.Load(Short(to))) is ["cache"], () => $"the cache to answer {who}\n{cluster.Report()}");
            // A datagram that happens to have the source port of one of before would rightly go where that went.
            Assert.Equal(0, cluster.First.Agent.Command("conntrack", "flush", "--all").ExitCode);
            foreach (var (who, probe) in Probes()) AssertAnswered(probe, to, who, ["cache"]);
            Assert.Contains("a device of this node has it: left to what listens there", Explain(to));
            // Another node has no such device, and other ways to the Service are as they were.
            using var other = NetProbe.Start(cluster.Pod("c").Place);
            AssertAnswered(other, to, "a pod of the other node", ["a", "c"]);
            AssertAnswered(cluster.Probe, service.Address(cluster, Way.NodePortOfFirst, family), "a client of the NodePort", ["a", "c"]);
        }

        foreach (var (who, probe) in Probes())
            Eventually.True(() => Names(probe.Load(Short(to))) is ["a", "c"], () => $"backends to answer {who}\n{cluster.Report()}");
        foreach (var (who, probe) in Probes()) AssertAnswered(probe, to, who, ["a", "c"]);
        Assert.DoesNotContain("a device of this node has it", Explain(to));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_datagram_socket_that_talks_to_the_cache_gets_backends_when_the_address_goes(Family family)
    {
        var service = cluster.Publish("a");
        var to = service.Address(cluster, Way.ClusterIP, family);
        var client = cluster.Pod("b");
        using var pod = NetProbe.Start(client.Place);
        var swarm = ConnectedToCache(service, pod, to, family);

        // What is connected to an address that has become a frontend is ended, and connects anew.
        var backend = $"a@{(family == Family.IPv6 ? client.IPv6 : client.IPv4)}";
        Eventually.True(() => swarm.IsServedBy(backend), () => $"the backend to answer: {swarm.Report}\n{cluster.Report()}");
        swarm.Stop();
    }

    [Fact]
    public void An_agent_that_starts_later_leaves_it_alone_from_its_first_round()
    {
        var service = cluster.Publish("a", "c");
        var to = service.Address(cluster, Way.ClusterIP, Family.IPv4);
        using var cache = Cache(service, Family.IPv4);
        using var pod = NetProbe.Start(cluster.Pod("a").Place);
        Eventually.True(() => Names(pod.Load(Short(to))) is ["cache"], () => $"the cache to answer\n{cluster.Report()}");

        var load = pod.Start(new LoadSpec(LoadMode.Tcp, to) { Rate = 200 });
        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        var report = load.Stop();

        Assert.True(report.IsClean && Names(report) is ["cache"], report.Line);
    }

    private IEnumerable<(string Who, NetProbe Probe)> Probes()
    {
        using var pod = NetProbe.Start(cluster.Pod("a").Place);
        yield return ("a pod", pod);
        yield return ("a process of the node", cluster.First.Host);
        yield return ("packets of a client outside", cluster.Probe);
    }

    private void AssertAnswered(NetProbe probe, string to, string who, string[] names)
    {
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp, LoadMode.UdpConnected])
        {
            var report = probe.Load(mode, to, 30);
            Assert.True(report.IsClean && Names(report).SequenceEqual(names), $"{mode} of {who}: {report.Line}\n{cluster.Report()}");
        }
    }

    /// <summary>The device (as the project's own is: with nothing but addresses) and the process; the address goes with it.</summary>
    private Running Cache(OutsideService service, Family family)
    {
        var address = service.Manifest.ClusterIPs[family == Family.IPv6 ? 1 : 0];
        var device = $"cache{service.NodePort}";
        var netns = cluster.First.Netns;
        netns.Configure($"link add {device} type bridge", $"link set {device} up",
            $"addr add {address}/{(family == Family.IPv6 ? "128" : "32")} dev {device}{(family == Family.IPv6 ? " nodad" : "")}");
        return new Running(PodServer.Start(netns.Place, "cache", Port, Port, at: address), () => netns.Configure($"link del {device}"));
    }

    private Swarm ConnectedToCache(OutsideService service, NetProbe pod, string to, Family family)
    {
        using var cache = Cache(service, family);
        Eventually.True(() => Names(pod.Load(Short(to))) is ["cache"], () => $"the cache to answer\n{cluster.Report()}");
        var swarm = pod.StartSwarm("send", to, 3);
        Eventually.True(() => swarm.IsServedBy("cache"), () => $"the cache to answer: {swarm.Report}");
        return swarm;
    }

    private string Explain(string to)
    {
        var (code, text) = cluster.First.Agent.Command(
            "explain", "--from", to.StartsWith('[') ? cluster.Pod("a").IPv6.ToString() : cluster.Pod("a").IPv4.ToString(), "--to", to);
        Assert.True(code == 0, text);
        return text;
    }

    /// <summary>For asking again and again: what goes nowhere is not waited for.</summary>
    private static LoadSpec Short(string to) => new(LoadMode.Tcp, to) { Count = 20, Timeout = TimeSpan.FromMilliseconds(100) };

    /// <summary>Servers of pods say the client's address behind their name.</summary>
    private static string[] Names(LoadReport report) => [.. report.Names.Keys.Select(name => name.Split('@')[0]).Distinct().Order()];

    private sealed record Running(IDisposable Process, Action End) : IDisposable
    {
        public void Dispose()
        {
            Process.Dispose();
            End();
        }
    }
}
