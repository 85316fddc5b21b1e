using System.Net.Sockets;
using EbpfLb.Bpf;
using EbpfLb.E2E.Outside;
using EbpfLb.Netlink.TrafficControl;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using static EbpfLb.E2E.Others.OtherPrograms;

namespace EbpfLb.E2E.Others;

/// <summary>Programs and filters of others at the uplink of a node with an agent.</summary>
[Trait("needs", "tc")]
public sealed class TcProgramTests
{
    private const int SO_TIMESTAMP = 29, SOL_SOCKET = 1;

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public void Marks_of_others_stay_on_what_goes_to_other_nodes(string method)
    {
        using var cluster = NewCluster(method);
        using var others = new OtherPrograms(cluster.First.Netns);
        using var link = InFront(others, "o_mark", method);
        others.AtClsact("o_out", TcDirection.Egress, 300);

        AssertServed(cluster, cluster.Publish("a", "c"));

        Assert.InRange(others.Seen(What.MarkedOut), 40ul, ulong.MaxValue);
    }

    /// <summary>
    /// The kernel stamps what comes in while a socket somewhere asks for it. The qdisc fq would take that for the time to send at, which is
    /// decades ahead of its clock, and drop it.
    /// </summary>
    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public void What_goes_to_other_nodes_has_lost_the_time_of_its_arrival(string method)
    {
        using var cluster = NewCluster(method);
        using var others = new OtherPrograms(cluster.First.Netns);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        listener.SetRawSocketOption(SOL_SOCKET, SO_TIMESTAMP, BitConverter.GetBytes(1));
        using var link = InFront(others, "o_in", method);
        others.AtClsact("o_out", TcDirection.Egress, 300);
        var service = cluster.Publish("a", "c");

        Eventually.True(() =>
        {
            AssertServed(cluster, service);
            return others.Seen(What.StampedIn) > 40;
        }, "packets with the time of their arrival");

        Assert.InRange(others.Seen(What.Out), 40ul, ulong.MaxValue);
        Assert.Equal(0ul, others.Seen(What.StampedOut));
    }

    /// <summary>With ours at TCX all of clsact is behind it, and sees translated packets, or none of those that are sent on.</summary>
    [Theory]
    [InlineData("tcx", 20)]
    [InlineData("clsact", 0)]
    public void A_filter_at_clsact_meets_NodePorts_where_ours_is_at_clsact_too(string method, int answered)
    {
        using var cluster = NewCluster(method);
        using var others = new OtherPrograms(cluster.First.Netns);
        var service = cluster.Publish("a", "c");
        others.Set(Setting.Port, (ulong)service.NodePort);

        others.AtClsact("o_drop", TcDirection.Ingress, 10);

        Assert.Equal(answered, Ask(cluster, service).Answered);
    }

    /// <summary>A filter that matches ends the row, whatever it does, unless it says `continue`.</summary>
    [Theory]
    [InlineData("tcx", "pipe", true)]
    [InlineData("clsact", "continue", true)]
    [InlineData("clsact", "pipe", false)]
    public void A_filter_that_mirrors_packets_leaves_services_alone_unless_it_ends_the_row_in_front_of_ours(
        string method, string control, bool isServed)
    {
        using var cluster = NewCluster(method);
        using var others = new OtherPrograms(cluster.First.Netns);
        var service = cluster.Publish("a", "c");
        cluster.First.Netns.Configure(
            "link add mirror0 type veth peer name mirror1", "link set mirror0 up", "link set mirror1 up");
        others.AtClsact("o_out", TcDirection.Egress, 300);

        Tc(cluster, "filter", "add", "dev", "eth0", "ingress", "pref", "10", "protocol", "all", "u32", "match", "u32", "0", "0",
            "action", "mirred", "egress", "mirror", "dev", "mirror0", control);

        if (isServed) AssertServed(cluster, service);
        else Assert.Equal(0, Ask(cluster, service).Answered);
        var (_, doctor) = cluster.First.Agent.Command("doctor");
        Assert.Contains(method == "tcx" ? "eth0: a u32 filter (pref 10) is at clsact ingress too, and sees packets as ours leave them"
            : "eth0: a u32 filter (pref 10) runs before ours at clsact ingress", doctor, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_was_put_in_front_and_accepts_hides_services_and_doctor_says_so()
    {
        using var cluster = NewCluster("tcx");
        using var others = new OtherPrograms(cluster.First.Netns);
        var service = cluster.Publish("a", "c");
        AssertServed(cluster, service);

        using (others.AtTcx("o_accept", first: true))
        {
            Assert.Equal(0, Ask(cluster, service).Answered);
            Assert.Contains($"eth0: o_accept (id {others.Id("o_accept")}) runs before ours at TCX ingress", Doctor(cluster),
                StringComparison.Ordinal);
            // It was put there on purpose, so the next agent leaves it there.
            cluster.First.Agent.Kill();
            cluster.First.Agent.Launch();
            cluster.First.Agent.WaitUntilReady();
            Assert.Equal(0, Ask(cluster, service).Answered);
        }
        AssertServed(cluster, service);

        using (others.AtTcx("o_accept", first: false))
        {
            AssertServed(cluster, service);
            Assert.Contains($"eth0: o_accept (id {others.Id("o_accept")}) is at TCX ingress too", Doctor(cluster),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_program_in_front_that_drops_a_port_drops_it_and_nothing_else()
    {
        using var cluster = NewCluster("tcx");
        using var others = new OtherPrograms(cluster.First.Netns);
        var (dropped, service) = (cluster.Publish("a", "c"), cluster.Publish("a", "c"));
        others.Set(Setting.Port, (ulong)dropped.NodePort);

        using (others.AtTcx("o_drop", first: true))
        {
            Assert.Equal(0, Ask(cluster, dropped).Answered);
            AssertServed(cluster, service);
        }
        AssertServed(cluster, dropped);
    }

    private static TestCluster NewCluster(string method) => new(new TestClusterOptions { Extra = ["--tc-attach", method] });

    private static BpfLink? InFront(OtherPrograms others, string program, string method)
    {
        if (method == "tcx") return others.AtTcx(program, first: true);
        others.AtClsact(program, TcDirection.Ingress, 10);
        return null;
    }

    private static void AssertServed(TestCluster cluster, OutsideService service)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                var report = cluster.Probe.Load(mode, service.Address(cluster, Way.NodePortOfFirst, family), 40);
                cluster.CheckClean(report);
                Assert.Equal("ac", string.Concat(report.Names.Keys.Select(n => n[0]).Distinct().Order()));
            }
        }
    }

    private static LoadReport Ask(TestCluster cluster, OutsideService service) => cluster.Probe.Load(
        new LoadSpec(LoadMode.Udp, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4))
        {
            Count = 20, Threads = 20, Timeout = TimeSpan.FromSeconds(2),
        });

    private static string Doctor(TestCluster cluster) => cluster.First.Agent.Command("doctor").Output;

    private static void Tc(TestCluster cluster, params IReadOnlyList<string> words)
    {
        var (code, output) = ChildProcess.Run(cluster.First.Netns.Place, [RepositoryPaths.Tool("tc"), .. words]);
        Assert.True(code == 0, output);
    }
}
