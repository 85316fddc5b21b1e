using EbpfLb.E2E.Firewalls;

namespace EbpfLb.E2E.Cni;

/// <summary>
/// The policy of FORWARD is DROP. The CNI plugin firewall has rules by which each pod may send and be answered, and none that lets new
/// connections in; without it nothing lets packets of pods pass, those between ports of one bridge among them.
/// </summary>
public sealed class ForwardPolicyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Doctor_says_what_fails_and_what_it_advises_helps(bool hasFirewall)
    {
        var network = hasFirewall ? new CniNetwork(CniNetwork.Bridge(), CniNetwork.Firewall) : new CniNetwork(CniNetwork.Bridge());
        using (var before = new CniBed(network))
        {
            before.DropForwarded();
            before.Bed.LoadKubeProxy();
            Assert.Equal(Ways(hasFirewall, ofKubeProxy: true), before.Beside.Ways.Try(ofKubeProxy: true));
        }
        using var bed = new CniBed(network);
        bed.DropForwarded();
        bed.Bed.StartAgent();

        Assert.Equal(Ways(hasFirewall, ofKubeProxy: false), bed.Beside.Ways.Try());
        var (finding, commands) = bed.Beside.Warned("firewall.forward");
        Assert.Contains("table ip filter, chain FORWARD (hook forward): its policy is drop, so new connections to pods (10.244.0.0/16)"
            + (hasFirewall ? " fail" : " and between pods, such as those to ClusterIPs, and answers of pods to clients outside fail"),
            finding);
        bed.Beside.Follow(commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Beside.Ways.Try());
        bed.Beside.AssertInOrder("firewall.forward");
    }

    /// <summary>kube-proxy's mark lets in what comes from outside, and what pods send to NodePorts.</summary>
    private static string Ways(bool hasFirewall, bool ofKubeProxy) => (hasFirewall, ofKubeProxy) switch
    {
        (true, true) => ServiceWays.Of("ac", "ac", "ac", ofKubeProxy: true),
        (true, false) => ServiceWays.Of("c", "ac", "ac"),
        (false, true) => ServiceWays.Of("ac", "", "a", podToNodePort: "ac", ofKubeProxy: true),
        _ => ServiceWays.Of("c", "", "a"),
    };
}
