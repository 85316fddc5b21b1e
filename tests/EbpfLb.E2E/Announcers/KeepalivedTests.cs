using System.Net;
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
    private protected const int Held = 20;

    private protected static void Fails_over(string mode, string xdp)
    {
        using var cluster = NewCluster(xdp);
        var service = cluster.PublishBesideNodes("a", "c");
        var findings = Findings.Of(cluster);
        using var first = new Keepalived(cluster.First, cluster.Second, service, mode, priority: 150);
        using var second = new Keepalived(cluster.Second, cluster.First, service, mode, priority: 100);
        Eventually.True(() => first.HasTold(1) && first.HasAddresses && !second.HasAddresses,
            () => $"the first node to have them: {first.Log}{second.Log}");

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
        Eventually.True(() => first.HasTold(1) && first.HasAddresses && !second.HasAddresses,
            () => $"the first node to have them again: {first.Log}");
        cluster.AssertServed(service, "ac", "first node again");
    }

    /// <summary>
    /// `ebpflb doctor` and `ebpflb status` find nothing that they did not find before, and `ebpflb explain` says the same on the node that
    /// has the address and on the other one.
    /// </summary>
    private static void AssertToldTruly(TestCluster cluster, OutsideService service, string before)
    {
        var after = Findings.Of(cluster);
        Assert.True(before == after, $"before:\n{before}\nafter:\n{after}");
        foreach (var address in service.Manifest.LoadBalancerIPs)
        {
            string[] question =
                ["--from", $"{cluster.Client.AddressLike(address)}", "--to", $"{new IPEndPoint(address, OutsideService.Port)}"];
            foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            {
                var (code, text) = node.Agent.Command("explain", question);
                Assert.True(code == 0 && text.Contains("goes to one of 2 backends", StringComparison.Ordinal)
                    && text.Contains($"LoadBalancer address of default/{service.Manifest.Name}:tcp", StringComparison.Ordinal)
                    && text.Contains("  program     a first packet by eth0 is translated", StringComparison.Ordinal), text);
            }
        }
    }

    /// <summary>With XDP in driver mode the other ends of the nodes' devices take frames, as network cards do.</summary>
    private protected static TestCluster NewCluster(string xdp, params IReadOnlyList<string> more)
    {
        var cluster = new TestCluster(
            new TestClusterOptions { Extra = [.. xdp == "off" ? (string[])[] : ["--xdp", xdp, "--sync-period", "1s"], .. more] });
        if (xdp == "off") return cluster;
        Offloads.NoChecksums(cluster.Client.Place.NetnsPath!, "eth0");
        foreach (var pod in cluster.Pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
        if (xdp == "driver")
            foreach (var node in cluster.Topology.Nodes) Offloads.Receive(cluster.Router.Place.NetnsPath!, node.Name);
        return cluster;
    }
}

/// <summary>The addresses are on the nodes' uplinks.</summary>
public sealed class AddressFailoverTests : KeepalivedTests
{
    [Theory]
    [InlineData("unicast", "off")]
    [InlineData("multicast", "generic")]
    [InlineData("multicast", "driver")]
    public void The_node_that_has_the_addresses_serves_them_and_the_other_one_when_keepalived_ends(string mode, string xdp)
        => Fails_over(mode, xdp);
}

/// <summary>They are on macvlan devices that have link addresses of VRRP (use_vmac).</summary>
public sealed class VirtualMacTests : KeepalivedTests
{
    [Theory]
    [InlineData("off")]
    [InlineData("generic")]
    [InlineData("driver")]
    public void The_node_that_has_the_addresses_serves_them_and_the_other_one_when_keepalived_ends(string xdp) => Fails_over("vmac", xdp);
}

/// <summary>What becomes of connections through the addresses.</summary>
public sealed class HeldThroughFailoverTests : KeepalivedTests
{
    private static readonly string[] Direct = ["--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev"];

    /// <param name="isKilled">It ends without a word, and leaves its addresses on the node.</param>
    [Theory]
    [InlineData("unicast", false)]
    [InlineData("unicast", true)]
    [InlineData("vmac", false)]
    public void With_maglev_and_direct_return_they_go_on_by_the_other_node(string mode, bool isKilled)
    {
        using var cluster = NewCluster("off", Direct);
        var service = cluster.PublishBesideNodes("a", "c");
        using var first = new Keepalived(cluster.First, cluster.Second, service, mode, priority: 150);
        using var second = new Keepalived(cluster.Second, cluster.First, service, mode, priority: 100);
        Eventually.True(() => first.HasTold(1) && first.HasAddresses, () => $"the first node to have them: {first.Log}{second.Log}");
        cluster.AssertServed(service, "ac", "first node");
        Assert.Equal(2 * Held, cluster.Hold("vip", service, Way.LoadBalancerIP, Held));

        if (isKilled) first.Kill();
        else first.Terminate();

        Eventually.True(() => second.HasTold(1) && second.HasAddresses, () => $"the second node to have them: {second.Log}");
        Assert.Equal(2 * Held, cluster.Answered("vip"));
        cluster.AssertServed(service, "ac", "second node");
        Assert.Equal(2 * Held, cluster.Hold("later", service, Way.LoadBalancerIP, Held));

        first.Start();
        Eventually.True(() => first.HasTold(1) && first.HasAddresses && !second.HasAddresses,
            () => $"the first node again: {first.Log}{second.Log}");
        Assert.Equal((2 * Held, 2 * Held), (cluster.Answered("vip"), cluster.Answered("later")));
    }

    /// <summary>Both backends are on the node that stays.</summary>
    [Theory]
    [InlineData("snat")]
    [InlineData("maglev")]
    public void When_the_uplink_goes_down_those_by_the_other_nodes_NodePort_stay_and_with_maglev_all(string forwarding)
    {
        using var cluster = NewCluster("off", forwarding == "snat" ? [] : Direct);
        var service = cluster.PublishBesideNodes("c", "d");
        using var first = new Keepalived(cluster.First, cluster.Second, service, "unicast", priority: 150);
        using var second = new Keepalived(cluster.Second, cluster.First, service, "unicast", priority: 100);
        Eventually.True(() => first.HasTold(1) && first.HasAddresses, () => $"the first node to have them: {first.Log}{second.Log}");
        Assert.Equal(2 * Held, cluster.Hold("vip", service, Way.LoadBalancerIP, Held));
        Assert.Equal(2 * Held, cluster.Hold("nodeport", service, Way.NodePortOfSecond, Held));

        cluster.Router.Configure($"link set {cluster.First.Name} down");

        Eventually.True(() => second.HasTold(1) && second.HasAddresses && !first.HasAddresses,
            () => $"the second node to have them: {second.Log}");
        cluster.AssertServed(service, "cd", "second node");
        Assert.Equal(2 * Held, cluster.Answered("nodeport"));
        if (forwarding == "snat") Assert.InRange(cluster.Answered("vip"), 0, 2 * Held - 1);
        else Assert.Equal(2 * Held, cluster.Answered("vip"));

        cluster.Router.Configure($"link set {cluster.First.Name} up");
        Eventually.True(() => first.HasTold(2) && first.HasAddresses && !second.HasAddresses,
            () => $"the first node again: {first.Log}{second.Log}");
        cluster.AssertServed(service, "cd", "first node again");
        Assert.Equal(2 * Held, cluster.Answered("nodeport"));
        if (forwarding != "snat") Assert.Equal(2 * Held, cluster.Answered("vip"));
    }
}
