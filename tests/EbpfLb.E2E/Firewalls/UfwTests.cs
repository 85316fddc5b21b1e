namespace EbpfLb.E2E.Firewalls;

/// <summary>ufw itself on a node. It drops what is forwarded, and what comes in but for ports that are opened.</summary>
public sealed class UfwTests
{
    [Fact]
    public void What_kube_proxys_mark_let_pass_fails_until_what_doctor_says_is_done()
    {
        // Without the mark it drops what pods send to ClusterIPs.
        FirewallBed.AssertKubeProxy("iptables-nft", root => new Ufw(root).Enable(),
            ServiceWays.Of("ac", "", "a", podToNodePort: "ac", ofKubeProxy: true));
        using var bed = new FirewallBed();
        new Ufw(bed.Root).Enable();
        bed.Bed.LoadKubeProxy();
        bed.Bed.StartAgent();
        Assert.Contains("ufw route allow to 10.244.0.0/16", bed.Bed.Agent.Command("migrate", "plan").Output);
        bed.Migrate();

        Assert.Equal(ServiceWays.Of("c", "", "a"), bed.Ways.Try());
        bed.Follow(bed.Warned("firewall.forward").Commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Ways.Try());
        bed.AssertInOrder("firewall.forward");
    }

    [Fact]
    public void A_route_that_is_open_from_outside_only_leaves_pods_out_and_doctor_says_so()
    {
        using var bed = new FirewallBed();
        bed.Bed.StartAgent();
        var ufw = new Ufw(bed.Root);
        ufw.Enable();
        foreach (var range in (string[])["10.244.0.0/16", "fd00:10:244::/48"])
            ufw.Command("route", "allow", "in", "on", "eth0", "to", range);

        Assert.Equal(ServiceWays.Of("ac", "", "a"), bed.Ways.Try());
        var (finding, commands) = bed.Warned("firewall.forward");
        Assert.Contains("new connections between pods (10.244.0.0/16), such as those to ClusterIPs, fail", finding);
        Assert.DoesNotContain("connections to pods", finding, StringComparison.Ordinal);
        bed.Follow(commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Ways.Try());
        bed.AssertInOrder("firewall.forward");
    }

    [Fact]
    public void Ports_of_the_node_are_opened_and_connections_outlast_a_reload()
    {
        using var bed = new FirewallBed(isLocal: true);
        bed.Bed.StartAgent();
        var ufw = new Ufw(bed.Root);
        ufw.Enable();
        bed.Follow(bed.Warned("firewall.input").Commands);
        bed.Follow(bed.Warned("firewall.forward").Commands);
        bed.AssertInOrder("firewall.input");
        bed.AssertInOrder("firewall.forward");
        Assert.Equal(ServiceWays.Of("a", "ac", "ac"), bed.Ways.Try());
        const int Held = 10;
        bed.Bed.Outside.Do($"hold id=held to={bed.Bed.ToNodePort(Family.IPv4)} count={Held}");

        ufw.Command("reload");

        Assert.Equal($"{Held}", bed.Bed.Outside.Ask("exchange id=held")["answered"]);
        Assert.Equal("a", bed.Ways.Try(ServiceWays.NodePort));
    }
}
