using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// --exclude-devices on the way to other nodes: a backend there would see a client that its answers do not reach through this node.
/// </summary>
public sealed class ExcludedUplinkTests : IDisposable
{
    private readonly TestCluster cluster = new(new TestClusterOptions { TunnelMtu = 1450, Extra = ["--exclude-devices", "vx0"] });

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Backends_behind_it_get_nothing_and_that_is_counted_and_those_here_are_served(Family family)
    {
        var here = cluster.Publish("a");
        var elsewhere = cluster.Publish("c");
        var before = Arrivals();

        Assert.True(cluster.Probe.Load(LoadMode.Tcp, here.Address(cluster, Way.NodePortOfFirst, family), 20).IsClean);
        var report = cluster.Probe.Load(new LoadSpec(
            LoadMode.Udp, elsewhere.Address(cluster, Way.NodePortOfFirst, family)) { Count = 3, Timeout = TimeSpan.FromMilliseconds(200) });

        Assert.Equal((0, 3), (report.Answered, report.Failed));
        Assert.True(Drops.Count(cluster.First, "drop_no_program") >= 3, cluster.First.Agent.Metrics());
        Assert.Equal(before, Arrivals());
        Assert.Contains("excluded by --exclude-devices", cluster.First.Agent.Command("status").Output);
        // Its own node serves it, and so do sockets of this one.
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, elsewhere.Address(cluster, Way.NodePortOfSecond, family), 20).IsClean);
        Assert.True(cluster.First.Host.Load(LoadMode.Tcp, elsewhere.Address(cluster, Way.ClusterIP, family), 20).IsClean);
    }

    public void Dispose() => cluster.Dispose();

    /// <summary>What the pod c counted of datagrams.</summary>
    private string Arrivals() => NetnsThread.Run(cluster.Pod("c").Place.NetnsPath!, () => string.Join('\n',
        File.ReadLines("/proc/thread-self/net/snmp").Concat(File.ReadLines("/proc/thread-self/net/snmp6"))
            .Where(line
                => line.StartsWith("Udp:", StringComparison.Ordinal) || line.StartsWith("Udp6InDatagrams", StringComparison.Ordinal))));
}
