using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// A pod that forwards for others, as a VPN server, a mesh gateway or a virtual machine's pod does: what it forwards has no socket on the
/// node.
/// </summary>
public sealed class ForwardingPodTests
{
    [Fact]
    public void Behind_a_pods_device_with_a_program_what_it_forwards_reaches_services()
    {
        using var cluster = new TestCluster(new TestClusterOptions { Extra = ["--pod-device", "p-b"] });
        var service = cluster.Publish("a", "c");
        using var behind = Behind(cluster.Pod("b"));
        using var probe = NetProbe.Start(new ProcessPlace(behind.Path, null));

        foreach (var family in new[] { Family.IPv4, Family.IPv6 })
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                var report = probe.Load(
                    new LoadSpec(mode, service.Address(cluster, Way.ClusterIP, family)) { Count = 40, Timeout = TimeSpan.FromSeconds(2) });
                Assert.True(report.IsClean && report.Names.Count == 2, $"{mode} {family}: {report.Line}\n{cluster.Report()}");
            }
        }
    }

    [Fact]
    public void Without_one_it_does_not_and_explain_says_so()
    {
        using var cluster = new TestCluster();
        var service = cluster.Publish("a", "c");
        using var behind = Behind(cluster.Pod("b"));
        using var probe = NetProbe.Start(new ProcessPlace(behind.Path, null));
        var to = service.Address(cluster, Way.ClusterIP, Family.IPv4);

        Assert.Equal(0, probe.Load(new LoadSpec(LoadMode.Udp, to) { Count = 2, Timeout = TimeSpan.FromMilliseconds(200) }).Answered);
        var (code, text) = cluster.First.Agent.Command(
            "explain", "--from", cluster.Pod("b").IPv4.ToString(), "--to", to, "--path", "packet", "--ingress-interface", "p-b");
        Assert.True(code == 0, text);
        Assert.Contains("comes in by p-b, which has no program: left alone", text);

        // Nothing tells such a pod before it sends; what it sends does.
        Assert.Equal(2, Drops.Count(cluster.First, "pkt_untranslated"));
        (code, text) = cluster.First.Agent.Command("status");
        Assert.True(code == 0, text);
        Assert.Contains("behind none of the hooks", text);
        Assert.Contains("--pod-device", text);
    }

    /// <summary>A namespace that the pod is the router of; the pod sends what comes from there from its own address.</summary>
    private static ScratchNetns Behind(PodNetns pod)
    {
        var behind = ScratchNetns.Create();
        pod.Configure(
            $"link add vpn0 type veth peer name eth0 netns {behind.Name}", "link set vpn0 up", "addr add 192.168.90.1/24 dev vpn0",
            "addr add fd00:90::1/64 dev vpn0 nodad");
        behind.Configure(
            "link set eth0 up", "addr add 192.168.90.2/24 dev eth0", "addr add fd00:90::2/64 dev eth0 nodad",
            "route add default via 192.168.90.1", "route add default via fd00:90::1");
        NetnsThread.Run(pod.Place.NetnsPath!, () =>
        {
            File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
            File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "1");
        });
        foreach (var family in (string[])["ip", "ip6"])
        {
            var (code, text) = ChildProcess.Run(pod.Place, RepositoryPaths.Tool("nft"),
                $"table {family} vpn {{ chain out {{ type nat hook postrouting priority srcnat; oifname \"eth0\" masquerade; }}; }}");
            Assert.True(code == 0, text);
        }
        return behind;
    }
}
