using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Pods that the socket hooks do not reach (here: because their processes are in no cgroup of the node) are served packet by
/// packet on their devices (--pod-device).
/// </summary>
public sealed class PodDeviceTests(PodDeviceTests.Cluster fixture) : IClassFixture<PodDeviceTests.Cluster>
{
    private readonly TestCluster cluster = fixture.Value;

    public static TheoryData<Way, Family> Ways => FrontendTests.Ways();

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_pod_reaches_local_and_remote_backends_and_itself(Way way, Family family)
    {
        var service = cluster.Publish("a", "b", "c");
        using var probe = NetProbe.Start(new ProcessPlace(cluster.Pod("a").Place.NetnsPath, null));
        foreach (var mode in Enum.GetValues<LoadMode>())
        {
            var report = probe.Load(
                new LoadSpec(mode, service.Address(cluster, way, family)) { Count = mode == LoadMode.UdpShared ? 5 : 60 });

            Assert.True(report.IsClean, $"{mode}: {report.Line}");
            Assert.Equal(mode == LoadMode.UdpShared ? 1 : 3, report.Names.Count);
        }
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Through_a_ClusterIP_backends_see_the_pod_and_only_itself_the_node(Family family)
    {
        var service = cluster.Publish("a", "b", "c");
        var pod = cluster.Pod("a");
        using var probe = NetProbe.Start(new ProcessPlace(pod.Place.NetnsPath, null));
        var address = family == Family.IPv6 ? pod.IPv6 : pod.IPv4;

        var report = probe.Load(LoadMode.Tcp, service.Address(cluster, Way.ClusterIP, family), 60);

        Assert.Equal(
            ((string[])[$"a@{cluster.First.Address(family)}", $"b@{address}", $"c@{address}"]).Order(), report.Names.Keys.Order());
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_service_without_endpoints_refuses_a_pod_at_once(Family family)
    {
        var service = cluster.Publish();
        using var probe = NetProbe.Start(new ProcessPlace(cluster.Pod("a").Place.NetnsPath, null));

        Assert.Equal(["connect/ECONNREFUSED"], probe.Load(LoadMode.Tcp, service.Address(cluster, Way.ClusterIP, family), 3).Errors.Keys);
        Assert.Equal(
            ["receive/ECONNREFUSED"], probe.Load(LoadMode.UdpConnected, service.Address(cluster, Way.ClusterIP, family), 3).Errors.Keys);
    }

    [Fact]
    public void With_host_sockets_only_pods_go_by_packet_and_the_node_by_socket()
    {
        var service = cluster.Publish("b");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);
        var to = service.Address(cluster, Way.ClusterIP, Family.IPv4);
        var before = Drops.Count(cluster.First, "sock_translated");

        Assert.True(pod.Load(LoadMode.Tcp, to, 10).IsClean);
        // Readings of the same tenth of a second are one.
        Thread.Sleep(200);
        // The agent's own canary, now and then, is one of each family.
        Assert.InRange(Drops.Count(cluster.First, "sock_translated") - before, 0, 4);
        Assert.True(cluster.First.Host.Load(LoadMode.Tcp, to, 10).IsClean);
        Eventually.True(() => Drops.Count(cluster.First, "sock_translated") >= before + 10, "the node's sockets to be counted");
    }

    /// <summary>Agents with the program on the pods' devices, and sockets of pods left alone.</summary>
    public sealed class Cluster : IDisposable
    {
        public TestCluster Value { get; } = new(new TestClusterOptions { Extra = ["--pod-device", "p-*", "--host-sockets-only"] });

        public void Dispose() => Value.Dispose();
    }
}
