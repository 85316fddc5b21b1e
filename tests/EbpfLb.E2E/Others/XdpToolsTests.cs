using System.Text.Json;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Others;

/// <summary>Debian's xdp-tools at the uplink of a node whose agent has, or wants, an XDP program there.</summary>
public sealed class XdpToolsTests
{
    private const string Device = "eth0";
    private const int Held = 20;

    [Theory]
    [InlineData("driver", "native")]
    [InlineData("driver", "skb")]
    [InlineData("generic", "native")]
    [InlineData("generic", "skb")]
    public void What_is_there_first_stays_and_is_named_and_when_it_goes_ours_comes(string mode, string theirs)
    {
        using var cluster = NewCluster("off");
        var node = cluster.First;
        using var tools = new XdpTools(node.Netns.Place);
        var (service, filtered) = (cluster.Publish("a", "c"), cluster.Publish("a", "c"));
        Hold(cluster, service);
        node.Agent.Kill();
        tools.Run("xdp-filter", "load", "-m", theirs, Device);
        tools.Run("xdp-filter", "port", "-m", "dst", $"{filtered.NodePort}");

        // Not looked at again by itself while the test lasts.
        node.Agent.Launch("--xdp", mode, "--sync-period", "10m");
        node.Agent.WaitUntilReady();

        var named = $"another XDP program is at {Device}, {tools.ProgramAt(Device)}, {(theirs == "skb" ? "generic" : "driver")}";
        node.Agent.LogLine($"device {Device} has no XDP program, tc does its work: {named}");
        Assert.Contains($"no XDP: {named}", node.Agent.Command("status").Output, StringComparison.Ordinal);
        var (_, explained) = node.Agent.Command("explain", "--from", cluster.Client.IPv4.ToString(), "--to",
            service.Address(cluster, Way.NodePortOfFirst, Family.IPv4));
        Assert.Contains($"no: {Device} has no XDP program: {named}", explained, StringComparison.Ordinal);
        AssertServed(cluster, service);
        AssertHeld(cluster);
        Assert.Equal(0, Answered(cluster, filtered));

        tools.Run("sh", "-c", RemovalBy(node.Agent, tools.ProgramAt(Device)));

        Testing.Processes.Eventually.True(
            () => node.Agent.Json("status").GetProperty("devices").EnumerateArray()
                .Any(d => d.GetProperty("name").GetString() == Device && d.TryGetProperty("xdp", out var xdp) && xdp.GetString() == mode),
            () => $"XDP of the agent: {cluster.Report()}");
        AssertHeld(cluster);
        AssertServed(cluster, service);
        Assert.Equal(1, Answered(cluster, filtered));
        Testing.Processes.Eventually.True(() =>
        {
            AssertHeld(cluster);
            return Drops.Count(node, "pkt_xdp") > 0;
        }, () => $"packets to be forwarded{cluster.Report()}");
    }

    [Theory]
    [InlineData("driver")]
    [InlineData("generic")]
    public void What_comes_later_is_refused_by_the_kernel_and_ours_stays(string mode)
    {
        using var cluster = NewCluster(mode);
        using var tools = new XdpTools(cluster.First.Netns.Place);
        var service = cluster.Publish("a", "c");
        Hold(cluster, service);
        var ours = tools.ProgramAt(Device);
        Assert.StartsWith("lb_xdp ", ours, StringComparison.Ordinal);

        foreach (var theirs in (string[])["native", "skb"])
        {
            foreach (var load in (string[])
                [$"xdp-filter load -m {theirs} {Device}", $"xdp-loader load -m {theirs} {Device} {tools.Program}"])
            {
                var (code, output) = tools.Try("sh", "-c", load);
                Assert.True(code != 0, $"{load}: {output}");
            }
        }
        foreach (var removal in (string[])
            [$"xdp-loader unload {Device} --all", $"xdp-filter unload {Device}", $"ip link set dev {Device} xdpdrv off",
                $"ip link set dev {Device} xdpgeneric off", $"ip link set dev {Device} xdp off"])
            tools.Try("sh", "-c", removal);

        Assert.Equal(ours, tools.ProgramAt(Device));
        AssertHeld(cluster);
        AssertServed(cluster, service);
        var (_, doctor) = cluster.First.Agent.Command("doctor");
        Assert.Contains($"no program of others is at {Device}", doctor, StringComparison.Ordinal);
    }

    private static TestCluster NewCluster(string mode)
    {
        var cluster = new TestCluster(new TestClusterOptions { Extra = ["--xdp", mode] });
        Offloads.NoChecksums(cluster.Client.Place.NetnsPath!, "eth0");
        foreach (var pod in cluster.Pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
        // The other end of the uplink takes frames of XDP programs.
        Offloads.Receive(cluster.Router.Place.NetnsPath!, cluster.First.Name);
        return cluster;
    }

    /// <summary>The command that `ebpflb doctor` has for a program.</summary>
    private static string RemovalBy(AgentProcess agent, string program)
    {
        var check = JsonDocument.Parse(agent.Command("doctor", "-o", "json").Output).RootElement.GetProperty("checks").EnumerateArray()
            .Single(c => c.GetProperty("check").GetString() == "devices.others");
        Assert.Equal("warning", check.GetProperty("state").GetString());
        Assert.StartsWith($"{Device}: XDP program {program}", check.GetProperty("finding").GetString(), StringComparison.Ordinal);
        return check.GetProperty("remedy").GetString()!.Split('`')[1];
    }

    private static void Hold(TestCluster cluster, OutsideService service)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
            cluster.Probe.Do($"hold id={family} to={service.Address(cluster, Way.NodePortOfFirst, family)} count={Held}");
    }

    private static void AssertHeld(TestCluster cluster)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
            Assert.Equal(Held, cluster.Probe.Do($"exchange id={family}").Number("answered"));
    }

    private static void AssertServed(TestCluster cluster, OutsideService service)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
                cluster.CheckClean(cluster.Probe.Load(mode, service.Address(cluster, Way.NodePortOfFirst, family), 20));
        }
    }

    private static long Answered(TestCluster cluster, OutsideService service) => cluster.Probe.Load(
        new LoadSpec(LoadMode.Udp, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4))
        {
            Count = 1, Timeout = TimeSpan.FromSeconds(2),
        }).Answered;
}
