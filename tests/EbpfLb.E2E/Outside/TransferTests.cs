using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Much data, many connections, and a narrow link in the middle: pods of the other node are reached by a tunnel with an MTU of 1400.
/// </summary>
public sealed class TransferTests(TransferTests.NarrowCluster cluster) : IClassFixture<TransferTests.NarrowCluster>
{
    private const long Gibibyte = 1L << 30;

    [Theory]
    [InlineData(Way.NodePortOfFirst, Family.IPv4)]
    [InlineData(Way.LoadBalancerIP, Family.IPv6)]
    public void A_gibibyte_goes_each_way_to_a_remote_backend_behind_the_narrow_link(Way way, Family family)
    {
        var service = cluster.Value.Publish("c");

        var answer = cluster.Value.Probe.Do(Bulk(service.Address(cluster.Value, way, family), Gibibyte / 2, Gibibyte / 2));

        Assert.Equal(Gibibyte, answer.Number("bytes"));
        // The first data packets are too large, and the client is told.
        Assert.NotEqual(0, Drops.Count(cluster.Value.First, "pkt_too_big"));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Large_transfers_go_to_a_local_backend_and_from_the_other_node_to_a_remote_one(Family family)
    {
        var near = cluster.Value.Publish("a");

        foreach (var way in (Way[])[Way.NodePortOfFirst, Way.NodePortOfSecond])
            cluster.Value.Probe.Do(Bulk(near.Address(cluster.Value, way, family), Gibibyte / 8, Gibibyte / 8));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Datagrams_that_are_too_long_for_the_narrow_link_arrive_once_the_client_knows(Family family)
    {
        var service = cluster.Value.Publish("c");
        var load = new LoadSpec(LoadMode.Udp, service.Address(cluster.Value, Way.NodePortOfFirst, family))
        {
            Bytes = 1450,
        };

        // The datagram that finds out is lost, as in any network.
        cluster.Value.Probe.Load(load with { Count = 2, Timeout = TimeSpan.FromMilliseconds(500) });
        var report = cluster.Value.Probe.Load(load with { Count = 20 });

        Assert.True(report.IsClean, report.Line);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Two_thousand_connections_at_once_each_keep_their_backend(Family family)
    {
        var service = cluster.Value.Publish("a", "b", "c", "d");
        var probe = cluster.Value.Probe;

        probe.Do($"hold id=crowd to={service.Address(cluster.Value, Way.NodePortOfFirst, family)} count=2000");
        var first = probe.Do("exchange id=crowd");
        var second = probe.Do("exchange id=crowd");
        probe.Do("release id=crowd");

        Assert.Equal((2000, 2000), (first.Number("answered"), second.Number("answered")));
    }

    private static string Bulk(string to, long up, long down) => $"bulk to={to} up={up} down={down} timeout=20000";

    /// <summary>Where the way between the nodes is narrow.</summary>
    public sealed class NarrowCluster : IDisposable
    {
        public TestCluster Value { get; } = new(new TestClusterOptions { TunnelMtu = 1400 });

        public void Dispose() => Value.Dispose();
    }
}
