using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Packets of open flows to another node in front of the stack. Clients and pods finish their checksums themselves, as network cards do:
/// between namespaces they would be left unfinished, and those packets are the stack's.
/// </summary>
public sealed class XdpTests
{
    private const string Forwarded = "pkt_xdp";

    [Theory]
    [InlineData("driver")]
    [InlineData("generic")]
    public void Open_flows_to_another_node_go_on_in_front_of_the_stack(string mode)
    {
        using var cluster = NewCluster(mode);
        var service = cluster.Publish("a", "c", "d");
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            var before = Drops.Count(cluster.First, Forwarded);
            var to = service.Address(cluster, Way.NodePortOfFirst, family);

            cluster.CheckClean(cluster.Probe.Load(LoadMode.Tcp, to, 100));
            cluster.CheckClean(cluster.Probe.Load(LoadMode.Udp, to, 100));
            cluster.Probe.Do($"bulk to={to} up=5000000 down=5000000 timeout=20000");
            cluster.Probe.Do($"hold id={family} to={to} count=50");
            Eventually.True(() =>
            {
                // What devices can do is looked at with each --sync-period.
                Assert.Equal(50, cluster.Probe.Do($"exchange id={family}").Number("answered"));
                return Drops.Count(cluster.First, Forwarded) - before > 500;
            }, () => $"packets to be forwarded{cluster.Report()}");
            cluster.Probe.Do($"release id={family}");
        }
        var (code, status) = cluster.First.Agent.Command("status", "-o", "json");
        Assert.True(code == 0, status);
        Assert.Matches($"\"xdp\": ?\"{mode}\"", status);
        cluster.First.Agent.LogLine($"XDP by {(mode == "driver" ? "its driver" : "the stack")}");
        Assert.Contains("xdp", DeviceOf(cluster.First), StringComparison.Ordinal);
    }

    [Fact]
    public void The_program_outlives_the_agent_is_taken_over_and_goes_when_XDP_is_switched_off()
    {
        using var cluster = NewCluster("generic");
        var to = cluster.Publish("c").Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={to} count=50");
        var program = ProgramOf(cluster.First);

        cluster.First.Agent.Kill();
        Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.Equal(program, ProgramOf(cluster.First));
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.NotEqual("", ProgramOf(cluster.First));

        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch("--xdp", "off");
        cluster.First.Agent.WaitUntilReady();
        Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.Equal("", ProgramOf(cluster.First));
    }

    [Fact]
    public void With_direct_server_return_they_go_into_the_tunnel_in_front_of_the_stack()
    {
        using var cluster = NewCluster("driver", sends: true, "--tunnel", "ipip", "--forwarding", "dsr");
        var to = cluster.Publish("c", "d").Address(cluster, Way.NodePortOfFirst, Family.IPv4);

        cluster.Probe.Do($"bulk to={to} up=5000000 down=5000000 timeout=20000");
        cluster.Probe.Do($"hold id=held to={to} count=50");
        Eventually.True(() =>
        {
            Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));
            return Drops.Count(cluster.First, Forwarded) > 200;
        }, () => $"packets to be forwarded{cluster.Report()}");
        Assert.Equal(0, Drops.Count(cluster.First, "pkt_to_remote"));
    }

    /// <summary>
    /// As in an overlay: the client's segments just fit the pod, come one by one into the tunnel and are joined where it ends. Those that
    /// came out longer would have to be told to be shorter, which they are.
    /// </summary>
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void What_is_joined_behind_a_tunnel_fits_pods_of_a_shorter_MTU(Family family)
    {
        using var cluster = NewCluster("driver", sends: true, "--tunnel", "ipip", "--forwarding", "dsr");
        Offloads.Receive(cluster.Second.Netns.Place.NetnsPath!, "eth0");
        cluster.Second.Netns.Configure("link set p-c mtu 1400");
        cluster.Pod("c").Configure("link set eth0 mtu 1400");
        var to = cluster.Publish("c").Address(cluster, Way.NodePortOfFirst, family);

        Assert.Equal(20_000_000, cluster.Probe.Do($"bulk to={to} up=20000000 down=0 timeout=20000").Number("bytes"));

        // Each that is too long comes again alone: half of what was sent, when this fails.
        Assert.InRange(Retransmitted(cluster.Client), 0, 1_000);
    }

    private static long Retransmitted(PodNetns client)
    {
        var (code, text) = ChildProcess.Run(client.Place, RepositoryPaths.Tool("cat"), "/proc/net/snmp");
        Assert.True(code == 0, text);
        var tcp = text.Split('\n').Where(l => l.StartsWith("Tcp:", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToList();
        return long.Parse(tcp[1][Array.IndexOf(tcp[0], "RetransSegs")], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Explain_says_what_leaves_in_front_of_the_stack_and_what_has_no_entry()
    {
        using var cluster = NewCluster("driver", sends: true, "--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev");
        var service = cluster.Publish("c", "d");
        var to = service.Address(cluster, Way.LoadBalancerIP, Family.IPv4);

        Eventually.True(() =>
        {
            cluster.CheckClean(cluster.Probe.Load(LoadMode.Tcp, to, 20));
            return Drops.Count(cluster.First, Forwarded) > 100;
        }, () => $"packets to be forwarded{cluster.Report()}");

        string[] question = ["--from", cluster.Client.IPv4.ToString(), "--to", to];
        var (code, text) = cluster.First.Agent.Command("explain", [.. question, "-o", "json"]);
        Assert.True(code == 0, text);
        Assert.Contains("\"xdp\":true", text, StringComparison.Ordinal);
        Assert.Contains("\"entry\":false", text, StringComparison.Ordinal);
        Assert.Contains("\"pkt_untracked\"", text, StringComparison.Ordinal);
        (code, text) = cluster.First.Agent.Command("explain", question);
        Assert.True(code == 0, text);
        Assert.Contains("packets leave in front of the stack at eth0 (driver)", text, StringComparison.Ordinal);
        Assert.Contains("  entry       none for backends of other nodes", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_device_cannot_send_frames_tc_does_all()
    {
        using var cluster = NewCluster("driver", sends: false);
        var to = cluster.Publish("c", "d").Address(cluster, Way.NodePortOfFirst, Family.IPv4);

        cluster.CheckClean(cluster.Probe.Load(LoadMode.Tcp, to, 100));
        cluster.Probe.Do($"hold id=held to={to} count=50");
        for (var i = 0; i < 5; i++) Assert.Equal(50, cluster.Probe.Do("exchange id=held").Number("answered"));

        Assert.Equal(0, Drops.Count(cluster.First, Forwarded));
    }

    /// <param name="sends">The nodes' uplinks send frames of XDP programs, as those of network cards do.</param>
    private static TestCluster NewCluster(string mode, bool sends = true, params IReadOnlyList<string> more)
    {
        var cluster = new TestCluster(new TestClusterOptions { Extra = ["--xdp", mode, "--sync-period", "1s", .. more] });
        Offloads.NoChecksums(cluster.Client.Place.NetnsPath!, "eth0");
        foreach (var pod in cluster.Pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
        if (!sends || mode != "driver") return cluster;
        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            Offloads.Receive(cluster.Router.Place.NetnsPath!, node.Name);
        return cluster;
    }

    /// <summary>Id of the XDP program at the uplink, as ip shows it; "": none.</summary>
    private static string ProgramOf(ClusterNode node)
    {
        var words = DeviceOf(node).Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
        var at = words.FindIndex(w => w.StartsWith("prog/xdp", StringComparison.Ordinal));
        return at < 0 ? "" : words[at + 2];
    }

    private static string DeviceOf(ClusterNode node)
    {
        var (code, text) = ChildProcess.Run(node.Netns.Place, RepositoryPaths.Tool("ip"), "-d", "link", "show", "eth0");
        Assert.True(code == 0, text);
        return text.ReplaceLineEndings(" ");
    }
}
