using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>
/// keepalived on two nodes with agents: the one that has the load balancer addresses serves them, and the other one when it goes. Each
/// test has a cluster of its own.
/// </summary>
public abstract class KeepalivedTests
{
    private const int Held = 20;

    private protected static void Fails_over(string mode, string xdp)
    {
        using var cluster = NewCluster(xdp);
        var service = cluster.PublishBesideNodes("a", "c");
        var findings = Findings.Of(cluster);
        using var first = new Keepalived(cluster.First, cluster.Second, service, mode, priority: 150);
        using var second = new Keepalived(cluster.Second, cluster.First, service, mode, priority: 100);
        Eventually.True(() => first.HasTold(1) && first.HasAddresses && !second.HasAddresses, () => $"the first node to have them: {first.Log}{second.Log}");

        cluster.AssertServed(service, "ac", "first node");
        cluster.AssertServedInside(service, "ac", "first node");
        Assert.Equal(2 * Held, cluster.Hold("nodeport1", service, Way.NodePortOfFirst, Held));
        Assert.Equal(2 * Held, cluster.Hold("nodeport2", service, Way.NodePortOfSecond, Held));
        Assert.Equal(2 * Held, cluster.Hold("vip", service, Way.LoadBalancerIP, Held));
        // The second node hears the first, and so does not take the addresses.
        var before = second.Received();
        Eventually.True(() => second.Received() >= before + 4, () => $"packets of VRRP: {first.Log}{second.Log}");
        Assert.Equal((2, 0), (first.TimesMaster, second.TimesMaster));
        AssertToldTruly(cluster, service, findings);

        first.Terminate();
        Eventually.True(() => second.HasTold(1) && second.HasAddresses, () => $"the second node to have them: {second.Log}");
        Assert.False(first.HasAddresses);
        cluster.AssertServed(service, "ac", "second node");
        cluster.AssertServedInside(service, "ac", "second node");
        Assert.Equal(2 * Held, cluster.Answered("nodeport1"));
        Assert.Equal(2 * Held, cluster.Answered("nodeport2"));
        // The second node knows no flow of the first, as with kube-proxy: backends are asked for connections that are not theirs.
        Assert.InRange(cluster.Answered("vip"), 0, 2 * Held - 1);

        first.Start();
        Eventually.True(() => first.HasTold(1) && first.HasAddresses && !second.HasAddresses, () => $"the first node to have them again: {first.Log}");
        cluster.AssertServed(service, "ac", "first node again");
    }

    /// <summary>`ebpflb doctor` finds nothing that it did not find before, and `ebpflb explain` says the same on both nodes.</summary>
    private static void AssertToldTruly(TestCluster cluster, OutsideService service, string before)
    {
        Assert.Equal(before, Findings.Of(cluster));
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            string[] question = ["--from", $"{cluster.Client.AddressLike(service.Manifest.LoadBalancerIPs[(int)family])}",
                "--to", service.Address(cluster, Way.LoadBalancerIP, family)];
            foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            {
                var (code, text) = node.Agent.Command("explain", question);
                Assert.True(code == 0, text);
                Console.WriteLine(node.Name + text);
            }
        }
    }

    /// <summary>With XDP in driver mode the other ends of the nodes' devices take frames, as network cards do.</summary>
    private static TestCluster NewCluster(string xdp, params IReadOnlyList<string> more)
    {
        var cluster = new TestCluster(new TestClusterOptions { Extra = [.. xdp == "off" ? (string[])[] : ["--xdp", xdp, "--sync-period", "1s"], .. more] });
        if (xdp == "off") return cluster;
        Offloads.NoChecksums(cluster.Client.Place.NetnsPath!, "eth0");
        foreach (var pod in cluster.Pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
        if (xdp == "driver")
            foreach (var node in cluster.Topology.Nodes) Offloads.Receive(cluster.Router.Place.NetnsPath!, node.Name);
        return cluster;
    }
}

public sealed class AddressFailoverTests : KeepalivedTests
{
    [Theory]
    [InlineData("unicast", "off")]
    [InlineData("multicast", "generic")]
    [InlineData("multicast", "driver")]
    public void The_node_that_has_the_addresses_serves_them_and_the_other_one_when_keepalived_ends(string mode, string xdp)
        => Fails_over(mode, xdp);
}

public sealed class VirtualMacTests : KeepalivedTests
{
    [Theory]
    [InlineData("off")]
    [InlineData("generic")]
    [InlineData("driver")]
    public void Addresses_on_macvlan_devices_of_VRRP_are_served_and_move(string xdp) => Fails_over("vmac", xdp);
}
