using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>Traffic policies and source ranges, from outside, from pods and from the node itself (docs/contract.md 5 and 7).</summary>
public sealed class PolicyTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [MemberData(nameof(Families))]
    public void External_policy_Local_uses_local_backends_and_keeps_the_client_address(Family family)
    {
        var service = Publish(["a", "c"], manifest => manifest with { ExternalTrafficPolicy = "Local" });
        var client = family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4;

        foreach (var (way, name) in new[]
        {
            (Way.NodePortOfFirst, "a"), (Way.NodePortOfSecond, "c"), (Way.LoadBalancerIP, "a"), (Way.ExternalIP, "a"),
        })
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                var report = cluster.Probe.Load(mode, service.Address(cluster, way, family), 10);

                Assert.True(report.IsClean, report.Line);
                Assert.Equal([$"{name}@{client}"], report.Names.Keys);
            }
        }
    }

    [Contract("8", "Local list empty, endpoints elsewhere: dropped; pods and the node have the Cluster list outside")]
    [Theory]
    [MemberData(nameof(Families))]
    public void External_policy_Local_without_a_local_backend_is_silence(Family family)
    {
        var service = Publish(["c"], manifest => manifest with { ExternalTrafficPolicy = "Local" });

        var tcp = cluster.Probe.Load(
            new LoadSpec(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfFirst, family)) { Count = 1, Timeout = Short });
        var udp = cluster.Probe.Load(
            new LoadSpec(LoadMode.UdpConnected, service.Address(cluster, Way.LoadBalancerIP, family)) { Count = 1, Timeout = Short });

        Assert.Equal(["connect/ETIMEDOUT"], tcp.Errors.Keys);
        Assert.Equal(["receive/ETIMEDOUT"], udp.Errors.Keys);
    }

    [Contract(
        "19.1",
        "a pod that asks an external address with policy Local has all endpoints and keeps its address; the node too, masqueraded")]
    [Contract("5.2", "note 1: pod, then local source, then Local list")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Pods_and_the_node_reach_all_backends_of_a_service_with_external_policy_Local(Family family)
    {
        var service = Publish(["c", "d"], manifest => manifest with { ExternalTrafficPolicy = "Local" });
        using var pod = NetProbe.Start(cluster.Pod("a").Place);

        foreach (var probe in (NetProbe[])[pod, cluster.First.Host])
        {
            foreach (var way in (Way[])[Way.NodePortOfFirst, Way.LoadBalancerIP, Way.ExternalIP])
            {
                var report = probe.Load(LoadMode.Tcp, service.Address(cluster, way, family), 30);

                Assert.True(report.IsClean, report.Line);
                Assert.Equal(2, report.Names.Count);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Internal_policy_Local_uses_local_backends_or_fails_at_once(Family family)
    {
        var service = Publish(["a"], manifest => manifest with { InternalTrafficPolicy = "Local" });
        using var near = NetProbe.Start(cluster.Pod("b").Place);
        using var far = NetProbe.Start(cluster.Pod("c").Place);
        var to = service.Address(cluster, Way.ClusterIP, family);

        var local = near.Load(LoadMode.Tcp, to, 10);
        var other = far.Load(LoadMode.Tcp, to, 2);

        Assert.True(local.IsClean, local.Line);
        Assert.Equal(["connect/ETIMEDOUT"], other.Errors.Keys);
        // The NodePort is governed by the other policy.
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfSecond, family), 10).IsClean);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Source_ranges_guard_LB_VIPs_and_nothing_else(Family family)
    {
        var client = family == Family.IPv6 ? $"{cluster.Client.IPv6}/128" : $"{cluster.Client.IPv4}/32";
        var other = family == Family.IPv6 ? "2001:db8:ffff::/48" : "192.0.2.0/24";
        var allowed = Publish(["a"], manifest => manifest with { SourceRanges = [client] });
        var blocked = Publish(["a"], manifest => manifest with { SourceRanges = [other] });

        Assert.True(cluster.Probe.Load(LoadMode.Tcp, allowed.Address(cluster, Way.LoadBalancerIP, family), 5).IsClean);
        var report = cluster.Probe.Load(
            new LoadSpec(LoadMode.Tcp, blocked.Address(cluster, Way.LoadBalancerIP, family)) { Count = 1, Timeout = Short });
        Assert.Equal(["connect/ETIMEDOUT"], report.Errors.Keys);
        foreach (var way in (Way[])[Way.NodePortOfFirst, Way.ExternalIP])
            Assert.True(cluster.Probe.Load(LoadMode.Tcp, blocked.Address(cluster, way, family), 5).IsClean);
    }

    [Contract(
        "4.1",
        "loopback: IPv4 where localhostNodePorts and nodePortAddresses say so, IPv6 where it is named; at the socket, so no "
        + "route_localnet")]
    [Fact]
    public void The_node_reaches_NodePorts_on_its_loopback_addresses_and_a_pod_does_not()
    {
        var service = cluster.Publish("a", "c");
        using var pod = NetProbe.Start(cluster.Pod("b").Place);
        var to = $"127.0.0.1:{service.NodePort}";

        foreach (var mode in Enum.GetValues<LoadMode>())
        {
            var report = cluster.First.Host.Load(mode, to, 10);

            Assert.True(report.IsClean, $"{mode}: {report.Line}");
        }
        Assert.Equal(["connect/ECONNREFUSED"], pod.Load(LoadMode.Tcp, to, 3).Errors.Keys);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_client_with_affinity_keeps_its_backend(Family family)
    {
        var service = Publish(["a", "b", "c", "d"], manifest => manifest with { AffinitySeconds = 600 });

        var report = cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfFirst, family), 30);
        var other = cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.LoadBalancerIP, family), 30);

        Assert.True(report.IsClean, report.Line);
        Assert.Single(report.Names);
        Assert.Equal(report.Names.Keys, other.Names.Keys);
    }

    private OutsideService Publish(string[] pods, Func<Testing.Manifests.ServiceManifest, Testing.Manifests.ServiceManifest> change)
    {
        var service = cluster.NewService(pods);
        return cluster.Publish(service with { Manifest = change(service.Manifest) });
    }
}
