using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>Tables that are far too small for what comes. Each test has a cluster of its own.</summary>
public sealed class FloodTests : IDisposable
{
    private TestCluster? cluster;

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_hundred_established_connections_survive_fifty_thousand_flows_in_a_table_of_a_thousand_entries(Family family)
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = ["--max-flows", "500"] });
        var service = cluster.Publish("a", "c");
        var (to, probe) = (service.Address(cluster, Way.NodePortOfFirst, family), cluster.Probe);
        probe.Do($"hold id=kept to={to} count=100");

        // One-way flows: nobody listens, nobody answers.
        var flood = cluster.Probe.Load(new LoadSpec(LoadMode.Udp, to) { Count = 50_000, Threads = 2 });
        var after = probe.Do("exchange id=kept");

        Assert.Equal(50_000, flood.Total);
        Assert.Equal(100, after.Number("answered"));
        Assert.NotEqual(0, Drops.Count(cluster.First, "ct_evicted"));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void When_every_SNAT_port_is_taken_new_connections_fail_and_old_ones_go_on(Family family)
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = ["--snat-ports", "61000-61049"] });
        var service = cluster.Publish("c");
        var (to, probe) = (service.Address(cluster, Way.NodePortOfFirst, family), cluster.Probe);
        probe.Do($"hold id=all to={to} count=50");

        var more = probe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 2, Timeout = TimeSpan.FromMilliseconds(300) });
        var old = probe.Do("exchange id=all");
        probe.Do("release id=all");
        var again = probe.Load(LoadMode.Tcp, to, 200);

        Assert.Equal([new("connect/ETIMEDOUT", 2)], more.Errors);
        Assert.Equal(50, old.Number("answered"));
        Assert.NotEqual(0, Drops.Count(cluster.First, "drop_snat_ports"));
        // Ports of closed connections are used again at once.
        Assert.True(again.IsClean, again.Line);
    }

    public void Dispose() => cluster?.Dispose();
}
