using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Drains;

/// <summary>`ebpflb drain` on the node that clients outside ask: pods a and b are its own, c and d are those of another node.</summary>
public sealed class OutsideDrainTests
{
    private const int Held = 60, New = 100;

    /// <summary>
    /// Pod a is of this node, c of another one that is reached by SNAT. Each in a cluster of its own: a socket that gets the port of one
    /// before it talks in the other's UDP flow, which has no end, and with the backend of that.
    /// </summary>
    [Theory]
    [InlineData(Family.IPv4, "a")]
    [InlineData(Family.IPv4, "c")]
    [InlineData(Family.IPv6, "a")]
    [InlineData(Family.IPv6, "c")]
    public void New_connections_to_a_NodePort_avoid_a_drained_backend_and_those_it_has_go_on(Family family, string pod)
    {
        using var cluster = new TestCluster();
        var service = cluster.Publish("a", "b", "c");
        var to = service.Address(cluster, Way.NodePortOfFirst, family);
        // That none of these is at the pod happens once in 10^10 runs.
        cluster.Probe.Do($"hold id=held to={to} count={Held}");
        var open = OpenAt(cluster, service, pod, family);
        Assert.True(open > 0, cluster.Report());
        var udp = ConnectedTo(cluster, to, pod);

        Drain(cluster.First, "drain", cluster, pod, family);

        Assert.Equal(0, LoadBy(cluster, LoadMode.Tcp, to, pod));
        Assert.Equal(0, LoadBy(cluster, LoadMode.UdpConnected, to, pod));
        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));
        Assert.Equal(open, OpenAt(cluster, service, pod, family));
        Assert.True(udp.Send(2).Ok);
        Assert.StartsWith($"{pod}@", udp.Receive(2)["name"], StringComparison.Ordinal);
        udp.Close();

        Drain(cluster.First, "undrain", cluster, pod, family);

        Assert.NotEqual(0, LoadBy(cluster, LoadMode.Tcp, to, pod));
        Assert.NotEqual(0, LoadBy(cluster, LoadMode.UdpConnected, to, pod));
        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));
    }

    /// <summary>
    /// With direct return and Maglev the flows have no entries, and the backend's node chooses who of its own gets a connection: it is
    /// drained there. What the node that is asked drains is enough only where the backend is the only one of its node.
    /// </summary>
    [Theory]
    [InlineData(Family.IPv4, "a")]
    [InlineData(Family.IPv6, "a")]
    [InlineData(Family.IPv4, "d")]
    [InlineData(Family.IPv6, "d")]
    public void Flows_without_entries_stay_with_a_backend_that_its_node_drains_and_new_ones_avoid_it(Family family, string other)
    {
        using var cluster = new TestCluster(
            new TestClusterOptions { Extra = ["--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev"] });
        var to = cluster.Publish(other, "c").Address(cluster, Way.LoadBalancerIP, family);
        // That none of these is at c happens once in 10^18 runs.
        cluster.Probe.Do($"hold id=held to={to} count={Held}");
        Eventually.True(() => Drops.Count(cluster.First, "pkt_untracked") > 0, () => $"flows without entries{cluster.Report()}");
        Drain(cluster.First, "drain", cluster, "c", family);
        Assert.Equal(other == "d", LoadBy(cluster, LoadMode.Tcp, to, "c") > 0);
        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));
        Drain(cluster.First, "undrain", cluster, "c", family);

        // Beside a, c is the only one of its own node.
        Drain(cluster.Second, "drain", cluster, "c", family, other == "a" ? ["--force"] : []);

        Assert.Equal(0, LoadBy(cluster, LoadMode.Tcp, to, "c"));
        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));

        Drain(cluster.Second, "undrain", cluster, "c", family);

        Assert.NotEqual(0, LoadBy(cluster, LoadMode.Tcp, to, "c"));
        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));
    }

    /// <summary>
    /// What begins while a backend is drained on all nodes has entries on the node that is asked, so it outlives the drained one.
    /// </summary>
    [Theory]
    [InlineData(Family.IPv4, "a")]
    [InlineData(Family.IPv6, "a")]
    [InlineData(Family.IPv4, "d")]
    [InlineData(Family.IPv6, "d")]
    public void What_begins_during_a_drain_on_all_nodes_goes_on_when_the_drained_backend_is_deleted(Family family, string other)
    {
        using var cluster = new TestCluster(
            new TestClusterOptions { Extra = ["--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev"] });
        var service = cluster.Publish(other, "c");
        var to = service.Address(cluster, Way.LoadBalancerIP, family);
        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            Drain(node, "drain", cluster, "c", family, node == cluster.Second && other == "a" ? ["--force"] : []);

        cluster.Probe.Do($"hold id=held to={to} count={Held}");
        Assert.Equal(0, LoadBy(cluster, LoadMode.Tcp, to, "c"));
        cluster.Publish(service with { Manifest = service.Manifest with { Endpoints = cluster.Addresses(other) } });
        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
        {
            Eventually.True(
                () => !node.Agent.Command("backends").Output.Contains(Address(cluster, "c", family), StringComparison.Ordinal),
                () => $"c is gone{cluster.Report()}");
        }

        Assert.Equal(Held, cluster.Probe.Do($"exchange id=held peer={to}").Number("answered"));
    }

    private static void Drain(ClusterNode node, string verb, TestCluster cluster, string pod, Family family, params string[] options)
    {
        var address = Address(cluster, pod, family);
        Assert.Equal((0, $"{address} {verb}ed\n"), node.Agent.Command(verb, [address, .. options]));
    }

    private static string Address(TestCluster cluster, string pod, Family family)
        => (family == Family.IPv6 ? cluster.Pod(pod).IPv6 : cluster.Pod(pod).IPv4).ToString();

    /// <summary>Of new ones, how many were answered by the pod; by chance none is, of 100 among three, once in 10^17 runs.</summary>
    private static long LoadBy(TestCluster cluster, LoadMode mode, string to, string pod)
    {
        var report = cluster.Probe.Load(mode, to, New);
        cluster.CheckClean(report);
        return report.Names.Where(n => n.Key.StartsWith($"{pod}@", StringComparison.Ordinal)).Sum(n => n.Value);
    }

    private static long OpenAt(TestCluster cluster, OutsideService service, string pod, Family family)
        => cluster.First.Agent.Json("backends", $"default/{service.Manifest.Name}:tcp").GetProperty("backends").EnumerateArray()
            .Single(b => b.GetProperty("address").GetString() == Address(cluster, pod, family)).GetProperty("open").GetInt64();

    /// <summary>A connected UDP socket that has had an answer of the pod.</summary>
    private static ProbeSocket ConnectedTo(TestCluster cluster, string to, string pod)
    {
        while (true)
        {
            var socket = cluster.Probe.Open("udp", to);
            Assert.True(socket.Connect(to).Ok);
            Assert.True(socket.Send(1).Ok);
            if (socket.Receive(1)["name"].StartsWith($"{pod}@", StringComparison.Ordinal)) return socket;
            socket.Close();
        }
    }
}
