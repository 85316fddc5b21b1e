namespace EbpfLb.E2E.Firewalls;

/// <summary>Docker's daemon itself on a node: its policy of FORWARD is DROP, and nothing in there lets answers of pods pass.</summary>
public sealed class DockerTests
{
    [Fact]
    public void Its_policy_of_FORWARD_drops_requests_and_answers_until_what_doctor_says_is_done()
    {
        FirewallBed.AssertKubeProxy("iptables-nft", Docker.Start, ServiceWays.Of("ac", "", "a", podToNodePort: "ac", ofKubeProxy: true));
        using var bed = new FirewallBed();
        bed.Bed.LoadKubeProxy();
        Docker.Start(bed.Root);
        bed.Bed.StartAgent();
        bed.Migrate();

        Assert.Equal(ServiceWays.Of("c", "", "a"), bed.Ways.Try());
        var (finding, commands) = bed.Warned("firewall.forward");
        Assert.Contains("its policy is drop, so new connections to pods (10.244.0.0/16) and between pods, such as those to ClusterIPs, and "
            + "answers of pods to clients outside fail", finding);
        bed.Follow(commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Ways.Try());
        bed.AssertInOrder("firewall.forward");
    }
}
