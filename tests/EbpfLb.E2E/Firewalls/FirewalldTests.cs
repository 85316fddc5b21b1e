using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>
/// firewalld itself on a node, first beside kube-proxy's rules and then beside an agent. It lets pass what netfilter translated, and
/// rejects what pods and clients send to pods: that is what the programs make of connections to Services.
/// </summary>
public sealed class FirewalldTests
{
    [Theory]
    [InlineData("nftables", "nftables")]
    [InlineData("iptables", "iptables-nft")]
    public void What_kube_proxy_got_through_fails_until_what_doctor_says_is_done(string backend, string mode)
    {
        FirewallBed.AssertKubeProxy(mode, root => new Firewalld(root).Start(backend), ServiceWays.Of("ac", "ac", "ac", ofKubeProxy: true));
        using var bed = new FirewallBed(mode);
        new Firewalld(bed.Root).Start(backend);
        bed.Bed.LoadKubeProxy();
        bed.Bed.StartAgent();
        Assert.Contains("firewall-cmd --permanent --new-policy=to-pods", bed.Bed.Agent.Command("migrate", "plan").Output);
        bed.Migrate();

        Assert.Equal(ServiceWays.Of("c", "", "a"), bed.Ways.Try());
        var (finding, commands) = bed.Warned("firewall.forward");
        Assert.Contains("rejects, so new connections to pods (10.244.0.0/16", finding);
        Assert.Contains("between pods, such as those to ClusterIPs, fail", finding);
        bed.Follow(commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Ways.Try());
        bed.AssertInOrder("firewall.forward");
        // It is in its configuration, not only in its rules.
        bed.Root.Run("firewall-cmd", "--complete-reload");
        Assert.Equal("ac", bed.Ways.Try(ServiceWays.NodePort));
    }

    /// <summary>As distributions of Kubernetes tell their users, which is enough beside kube-proxy.</summary>
    [Fact]
    public void Pods_in_the_zone_trusted_are_let_out_and_not_in_from_outside_and_doctor_knows_the_difference()
    {
        using var bed = new FirewallBed();
        bed.Bed.StartAgent();
        var firewalld = new Firewalld(bed.Root);
        firewalld.Start();
        firewalld.Command("--permanent", "--zone=public", "--add-interface=eth0");
        foreach (var range in (string[])["10.244.0.0/16", "fd00:10:244::/48"])
            firewalld.Command("--permanent", "--zone=trusted", $"--add-source={range}");
        firewalld.Command("--reload");

        Assert.Equal(ServiceWays.Of("c", "ac", "ac"), bed.Ways.Try());
        var (finding, commands) = bed.Warned("firewall.forward");
        Assert.DoesNotContain("ClusterIPs", finding, StringComparison.Ordinal);
        bed.Follow(commands);

        Assert.Equal(ServiceWays.Of("ac", "ac", "ac"), bed.Ways.Try());
        bed.AssertInOrder("firewall.forward");
    }

    [Fact]
    public void Ports_of_the_node_are_opened_in_the_zone_of_its_device()
    {
        using var bed = new FirewallBed(isLocal: true);
        bed.Bed.StartAgent();
        var firewalld = new Firewalld(bed.Root);
        firewalld.Start();
        firewalld.Command("--permanent", "--zone=external", "--change-interface=eth0");
        firewalld.Command("--reload");
        Assert.NotEqual(0, AskHealth(bed));

        var (finding, commands) = bed.Warned("firewall.input");
        Assert.Contains($"port {MigrationBed.HealthCheckPort} (healthCheckNodePort)", finding);
        Assert.Contains(commands, c => c.Contains("--zone=external", StringComparison.Ordinal));
        bed.Follow(commands);

        bed.AssertInOrder("firewall.input");
        Assert.Equal(0, AskHealth(bed));
    }

    [Fact]
    public void Connections_outlast_reloads_and_panic_mode_stops_what_is_for_pods_here_only()
    {
        using var bed = new FirewallBed();
        var firewalld = new Firewalld(bed.Root);
        // Configured before it runs, as connections that are older than its rules are new to it.
        bed.Bed.StartAgent();
        firewalld.Start();
        bed.Follow(bed.Warned("firewall.forward").Commands);
        const int Held = 10;
        bed.Bed.Outside.Do($"hold id=held to={bed.Bed.ToNodePort(Family.IPv4)} count={Held}");
        bed.Bed.Pod.Do($"hold id=held to={MigrationBed.ToClusterIP(Family.IPv4)} count={Held}");

        firewalld.Command("--reload");
        AssertHeld();
        firewalld.Command("--lockdown-on");
        Assert.Equal("ac", bed.Ways.Try(ServiceWays.NodePort));
        bed.AssertInOrder("firewall.forward");
        firewalld.Command("--panic-on");

        Assert.Equal("c", bed.Ways.Try(ServiceWays.NodePort));
        Assert.Equal("", bed.Ways.Try(ServiceWays.ClusterIP));
        Assert.Contains("firewalld_policy_drop, chain raw_prerouting (hook prerouting) drops all that comes in",
            bed.Warned("firewall.services").Finding);
        var commands = bed.Warned("firewall.forward").Commands;
        Assert.Equal(["firewall-cmd --panic-off"], commands);
        bed.Follow(commands);

        bed.AssertInOrder("firewall.forward");
        AssertHeld();

        void AssertHeld()
        {
            Assert.Equal($"{Held}", bed.Bed.Outside.Ask("exchange id=held")["answered"]);
            Assert.Equal($"{Held}", bed.Bed.Pod.Ask("exchange id=held")["answered"]);
        }
    }

    /// <summary>What curl ends with: 0, or why it could not connect.</summary>
    private static int AskHealth(FirewallBed bed) => ChildProcess.Run(bed.Bed.OutsidePlace, RepositoryPaths.Tool("curl"), "-s", "-o",
        "/dev/null", "--connect-timeout", "3", $"http://{bed.Bed.Node.IPv4}:{MigrationBed.HealthCheckPort}/").ExitCode;
}
