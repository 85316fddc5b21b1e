using System.Net;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>Direct server return: by a tunnel to the backend's node, which answers the client itself.</summary>
public sealed class DirectReturnTests
{
    private const string ToNode = "pkt_to_node";
    private const string FromNode = "pkt_from_node";

    [Theory]
    [InlineData("ipip")]
    [InlineData("geneve")]
    public void Backends_of_another_node_see_their_client_and_answer_it_themselves(string tunnel)
    {
        using var cluster = NewCluster("--tunnel", tunnel, "--forwarding", "dsr");
        var service = cluster.Publish("c", "d");
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            var client = family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4;
            foreach (var way in (Way[])[Way.NodePortOfFirst, Way.LoadBalancerIP, Way.ExternalIP])
            {
                var to = service.Address(cluster, way, family);
                foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp, LoadMode.UdpConnected])
                {
                    var report = cluster.Probe.Load(mode, to, 50);
                    cluster.CheckClean(report);
                    Assert.Equal([$"c@{client}", $"d@{client}"], report.Names.Keys.Order());
                }
                cluster.Probe.Do($"bulk to={to} up=20000000 down=20000000 timeout=20000");
            }
        }
        CountsAtLeast(cluster, cluster.First, ToNode, 3000);
        CountsAtLeast(cluster, cluster.Second, FromNode, 3000);
        Assert.Equal(0, Drops.Count(cluster.First, "pkt_reply"));
        Assert.Equal(0, Drops.Count(cluster.First, "pkt_to_remote"));
    }

    [Fact]
    public void A_service_has_its_own_way_and_hybrid_is_for_TCP_alone()
    {
        using var cluster = NewCluster("--tunnel", "ipip");
        var service = cluster.NewService("c");
        service = cluster.Publish(service with
        {
            Manifest = service.Manifest with { Annotations = new Dictionary<string, string> { ["ebpflb.io/forwarding"] = "hybrid" } },
        });
        var plain = cluster.Publish("c");
        var client = cluster.Client.IPv4;

        Assert.Equal([$"c@{client}"], Names(cluster, LoadMode.Tcp, service));
        Assert.Equal([$"c@{cluster.First.Netns.IPv4}"], Names(cluster, LoadMode.Udp, service));
        Assert.Equal([$"c@{cluster.First.Netns.IPv4}"], Names(cluster, LoadMode.Tcp, plain));
    }

    [Theory]
    [InlineData("maglev")]
    [InlineData("random")]
    public void Open_connections_outlive_agents_and_what_a_node_forgets(string scheduler)
    {
        using var cluster = NewCluster("--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", scheduler);
        var to = cluster.Publish("c", "d").Address(cluster, Way.LoadBalancerIP, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=50");

        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
        {
            node.Agent.Kill();
            Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
            node.Agent.Launch();
            node.Agent.WaitUntilReady();
            Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
        }
        foreach (var node in (ClusterNode[])[cluster.Second, cluster.First])
        {
            var (code, output) = node.Agent.Command("conntrack", "flush", "--all");
            Assert.True(code == 0, output);
            // The node of the backends finds the same one again by what a packet says.
            Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
        }
    }

    /// <summary>Whose tunnels are opened is written by what the cluster says, and here nobody says anything.</summary>
    [Fact]
    public void An_agent_that_starts_while_no_API_server_answers_takes_nothing_away()
    {
        using var cluster = NewCluster("--tunnel", "ipip", "--forwarding", "dsr");
        var kubeconfig = Path.Combine(cluster.First.Agent.RunDirectory, "kubeconfig");
        File.WriteAllText(kubeconfig, """
            apiVersion: v1
            kind: Config
            current-context: away
            contexts: [{ name: away, context: { cluster: away, user: nobody } }]
            clusters: [{ name: away, cluster: { server: http://127.0.0.1:1 } }]
            users: [{ name: nobody, user: {} }]
            """);
        var to = cluster.Publish("c", "d").Address(cluster, Way.LoadBalancerIP, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=50");
        foreach (var node in (ClusterNode[])[cluster.Second, cluster.First])
        {
            node.Agent.Kill();
            node.Agent.LaunchFrom("--kubeconfig", kubeconfig);
            node.Agent.LogLine("Node: devices=");

            Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
            cluster.CheckClean(cluster.Probe.Load(LoadMode.Tcp, to, 50));
        }
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void With_maglev_a_flow_needs_no_entry_and_keeps_its_backend_when_the_service_grows_and_the_agent_is_killed(Family family)
    {
        using var cluster = NewCluster("--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev");
        var service = cluster.Publish("c");
        var to = service.Address(cluster, Way.LoadBalancerIP, family);
        cluster.Probe.Do($"hold id=held to={to} count=100");
        Assert.DoesNotContain(Ip(to), Flows(cluster), StringComparison.Ordinal);

        // Some places go to a pod of the node that is asked: its flows have entries, as it answers by it.
        cluster.Publish(service with { Manifest = service.Manifest with { Endpoints = cluster.Addresses("a", "c") } });
        Eventually.True(() => cluster.Probe.Load(LoadMode.Tcp, to, 50).Names.Count == 2, () => $"both pods{cluster.Report()}");
        Assert.Contains(Ip(to), Flows(cluster), StringComparison.Ordinal);
        Assert.Equal(100, cluster.Probe.Do("exchange id=held").Number("answered"));
        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        Assert.Equal(100, cluster.Probe.Do("exchange id=held").Number("answered"));

        cluster.Publish(service);
        Eventually.True(() => cluster.Probe.Load(LoadMode.Tcp, to, 50).Names.Count == 1, () => $"one pod{cluster.Report()}");
        Assert.Equal(100, cluster.Probe.Do("exchange id=held").Number("answered"));
        CountsAtLeast(cluster, cluster.First, "pkt_untracked", 400);
        // What began at a place of c that the other node had was asked about there.
        CountsAtLeast(cluster, cluster.First, "pkt_asked", 1);
        CountsAtLeast(cluster, cluster.Second, "pkt_asked", 1);
        var (code, output) = cluster.First.Agent.Command("verify");
        Assert.True(code == 0, output);
    }

    /// <summary>A rolling update ends no connection, whatever the scheduler: what a pod has it keeps until it is gone.</summary>
    [Theory]
    [InlineData("maglev")]
    [InlineData("random")]
    public void A_pod_that_terminates_keeps_its_connections(string scheduler)
    {
        using var cluster = NewCluster("--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", scheduler);
        var service = cluster.Publish("c");
        var to = service.Address(cluster, Way.LoadBalancerIP, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=50");

        cluster.Publish(service with
        {
            Manifest = service.Manifest with { Endpoints = cluster.Addresses("d"), TerminatingEndpoints = cluster.Addresses("c") },
        });
        // Each node follows in its own time; until both have, some requests may still be answered by c.
        Eventually.True(
            () => cluster.Probe.Load(LoadMode.Tcp, to, 20).Names.Keys.ToList() is [['d', ..]], () => $"d alone{cluster.Report()}");
        Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
    }

    [Fact]
    public void A_node_that_is_started_without_tunnels_forwards_as_before()
    {
        using var cluster = NewCluster("--tunnel", "ipip", "--forwarding", "dsr");
        var to = cluster.Publish("c", "d").Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=10");

        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch("--tunnel", "none", "--forwarding", "snat");
        cluster.First.Agent.WaitUntilReady();

        // Those that were open end by a reset of a backend that does not know them, and not in silence.
        Assert.NotEqual(10, cluster.Probe.Ask("exchange id=held").Number("answered"));
        cluster.CheckClean(cluster.Probe.Load(LoadMode.Tcp, to, 50));
        cluster.CheckClean(cluster.Probe.Load(LoadMode.Udp, to, 50));
        Assert.NotEqual(0, Drops.Count(cluster.First, "pkt_to_remote"));
    }

    private static IEnumerable<string> Names(TestCluster cluster, LoadMode mode, OutsideService service)
    {
        var report = cluster.Probe.Load(mode, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4), 20);
        cluster.CheckClean(report);
        return report.Names.Keys;
    }

    /// <summary>Of all services, on the node that is asked.</summary>
    private static string Flows(TestCluster cluster)
    {
        var (code, output) = cluster.First.Agent.Command("conntrack", "list");
        Assert.True(code == 0, output);
        return output;
    }

    private static string Ip(string endPoint) => IPEndPoint.Parse(endPoint).Address.ToString();

    private static void CountsAtLeast(TestCluster cluster, ClusterNode node, string reason, long least) => Eventually.True(
        () => Drops.Count(node, reason) >= least, () => $"{least} of {reason} on {node.Name}{cluster.Report()}");

    private static TestCluster NewCluster(params IReadOnlyList<string> options) => new(new TestClusterOptions { Extra = [.. options] });
}
