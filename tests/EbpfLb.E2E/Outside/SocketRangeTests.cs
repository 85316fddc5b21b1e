using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// loadBalancerSourceRanges at the socket: pods and the node are judged by the address that their packets would show (docs/contract.md 7).
/// </summary>
public sealed class SocketRangeTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    public static TheoryData<Family, LoadMode> Kinds { get; } = new(
        from family in Enum.GetValues<Family>()
        from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp]
        select (family, mode));

    [Contract("7", "by the original source: pods and the node too")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_pod_in_the_ranges_gets_all_backends_and_another_is_dropped(Family family, LoadMode mode)
    {
        var pod = cluster.Pod("a");
        // Local policy short-circuits to the Cluster list for pods, and ranges do not change that.
        var service = Publish(["c", "d"], family == Family.IPv6 ? $"{pod.IPv6}/128" : $"{pod.IPv4}/32", local: true);
        using var allowed = NetProbe.Start(pod.Place);
        using var denied = NetProbe.Start(cluster.Pod("b").Place);
        var before = Drops.Count(cluster.First, mode == LoadMode.Udp ? "udp_translated" : "sock_translated");

        var report = allowed.Load(Spec(service, family, mode, 30));

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(2, report.Names.Count);
        Eventually.True(() => Drops.Count(cluster.First, mode == LoadMode.Udp ? "udp_translated" : "sock_translated") >= before + 30,
            "30 translations at the socket to be counted");
        Assert.Equal([$"{(mode == LoadMode.Udp ? "send" : "connect")}/ETIMEDOUT"], denied.Load(Spec(service, family, mode, 3)).Errors.Keys);
    }

    [Contract("7", "by the original source: pods and the node too")]
    [Theory]
    [MemberData(nameof(Families))]
    public void The_node_is_judged_by_its_primary_address(Family family)
    {
        var allowed = Publish(["a"], Own(family));
        var denied = Publish(["a"], family == Family.IPv6 ? "2001:db8:ffff::/48" : "192.0.2.0/24");

        Assert.True(cluster.First.Host.Load(Spec(allowed, family, LoadMode.Tcp, 5)).IsClean);
        Assert.Equal(["connect/ETIMEDOUT"], cluster.First.Host.Load(Spec(denied, family, LoadMode.Tcp, 3)).Errors.Keys);
    }

    [Theory]
    [InlineData("kworker/u4:2", "No route to host")]
    [InlineData("worker/u4:2", "Connection timed out")]
    public void A_worker_of_the_kernel_gets_an_error_after_which_NFS_waits(string name, string error)
    {
        var (address, port) = Split(Publish(["a"], "192.0.2.0/24").Address(cluster, Way.LoadBalancerIP, Family.IPv4));

        var (_, said) = ChildProcess.Run(
            cluster.First.Netns.Place, ["bash", "-c", $"printf {name} > /proc/$$/comm; exec 3<> /dev/tcp/{address}/{port}"]);

        Assert.Contains(error, said, StringComparison.Ordinal);

        static (string, string) Split(string text) => (text[..text.LastIndexOf(':')], text[(text.LastIndexOf(':') + 1)..]);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_socket_that_is_bound_is_judged_by_that_address(Family family)
    {
        var second = family == Family.IPv6 ? "fd00:10:244::99" : "10.244.0.99";
        var length = family == Family.IPv6 ? 128 : 32;
        // Not preferred (IPv6): the kernel would choose it for sockets that are not bound.
        cluster.Pod("a").Configure($"addr add {second}/{length} dev eth0{(family == Family.IPv6 ? " nodad preferred_lft 0" : "")}");
        cluster.First.Netns.Configure($"route add {second}/{length} dev p-a");
        var service = Publish(["b"], $"{second}/{length}");
        using var probe = NetProbe.Start(cluster.Pod("a").Place);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp])
        {
            var report = probe.Load(Spec(service, family, mode, 5) with { From = second });

            Assert.True(report.IsClean, $"{mode}: {report.Line}");
            Assert.Equal([$"b@{second}"], report.Names.Keys);
            Assert.Equal(
                [$"{(mode == LoadMode.Udp ? "send" : "connect")}/ETIMEDOUT"], probe.Load(Spec(service, family, mode, 3)).Errors.Keys);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_node_that_holds_the_VIP_may_use_it_as_its_source_where_its_own_address_may(Family family)
    {
        var allowed = Publish(["a"], Own(family));
        var denied = Publish(["a"], family == Family.IPv6 ? "2001:db8:ffff::/48" : "192.0.2.0/24");
        foreach (var (service, isAllowed) in new[] { (allowed, true), (denied, false) })
        {
            var vip = service.Manifest.LoadBalancerIPs[family == Family.IPv6 ? 1 : 0].ToString();
            cluster.First.Netns.Configure($"addr add {vip}/{(family == Family.IPv6 ? "128 dev lo nodad" : "32 dev lo")}");

            var report = cluster.First.Host.Load(Spec(service, family, LoadMode.Tcp, 3) with { From = vip });

            if (isAllowed) Assert.Equal([$"a@{vip}"], report.Names.Keys);
            else Assert.Equal(["connect/ETIMEDOUT"], report.Errors.Keys);
        }
    }

    private string Own(Family family) => $"{cluster.First.Address(family)}/{(family == Family.IPv6 ? 128 : 32)}";

    private LoadSpec Spec(OutsideService service, Family family, LoadMode mode, int count) =>
        new(mode, service.Address(cluster, Way.LoadBalancerIP, family)) { Count = count, Mapped = family == Family.Mapped };

    private OutsideService Publish(string[] pods, string range, bool local = false)
    {
        var service = cluster.NewService(pods);
        return cluster.Publish(service with
        {
            Manifest = service.Manifest with { SourceRanges = [range], ExternalTrafficPolicy = local ? "Local" : "Cluster" },
        });
    }
}
