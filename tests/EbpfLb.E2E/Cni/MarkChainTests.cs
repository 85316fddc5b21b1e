using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Cni;

/// <summary>
/// portmap is told to have kube-proxy's chain masquerade (externalSetMarkChain). It jumps to that chain and never makes it: what
/// `ebpflb migrate run` leaves has to be enough for pods with host ports that come later.
/// </summary>
public sealed class MarkChainTests
{
    private const int FirstPort = 8081;

    private static CniNetwork Network => new(CniNetwork.Bridge(), CniNetwork.PortMap("KUBE-MARK-MASQ"));

    [Fact]
    public void Pods_with_host_ports_come_and_go_after_kube_proxys_rules_are_gone()
    {
        using var bed = new CniBed(Network);
        bed.Bed.LoadKubeProxy();
        var first = Add(bed, "h0");
        Assert.Equal(CniBed.OfHostPort(FirstPort, "h0"), bed.TryHostPort(FirstPort));
        bed.Bed.StartAgent();

        bed.Beside.Migrate();

        Assert.DoesNotContain("KUBE-SVC", bed.Bed.Rules(), StringComparison.Ordinal);
        AssertServed(bed, "h0");
        var second = Add(bed, "h1");
        Delete(bed, first);
        AssertServed(bed, "h1");
        Delete(bed, second);
        // No pod has host ports now.
        bed.Beside.Migrate();
        var third = Add(bed, "h2");
        AssertServed(bed, "h2");
        bed.Bed.Agent.Terminate();
        var (code, output) = bed.Bed.Agent.Command("cleanup");
        Assert.True(code == 0, output);
        Delete(bed, third);
        Add(bed, "h3");
        Assert.Equal(CniBed.OfHostPort(FirstPort + 3, "h3"), bed.TryHostPort(FirstPort + 3));
    }

    /// <summary>No pod ever had host ports, so nothing but the configuration tells that one can come.</summary>
    [Fact]
    public void The_first_pod_with_host_ports_may_come_after_kube_proxys_rules_are_gone()
    {
        using var bed = new CniBed(Network);
        bed.Bed.LoadKubeProxy();
        bed.Bed.StartAgent();
        bed.Beside.Root.Run("sh", "-c", "mkdir -p /etc/cni/net.d");
        bed.Beside.Root.Write("/etc/cni/net.d/10-pods.conflist", Network.Text);

        var (code, output) = bed.Beside.MigrateInside();

        Assert.True(code == 0, output);
        Assert.Contains(
            "KUBE-MARK-MASQ: /etc/cni/net.d/10-pods.conflist has the CNI plugin portmap jump to it (externalSetMarkChain)", output);
        Assert.DoesNotContain("KUBE-SVC", bed.Bed.Rules(), StringComparison.Ordinal);
        Add(bed, "h0");
        AssertServed(bed, "h0");
    }

    /// <summary>With the host port that its number says.</summary>
    private static (PodNetns Pod, PodServer Server) Add(CniBed bed, string name)
    {
        var port = FirstPort + name[1] - '0';
        var pod = bed.Runtime.Add(bed.Bed.Node, name, HostPort.Both(port, MigrationBed.TargetPort));
        var server = bed.Bed.Keep(PodServer.Start(pod.Place, name, $"{MigrationBed.TargetPort}", $"{MigrationBed.TargetPort}"));
        return (pod, server);
    }

    private static void Delete(CniBed bed, (PodNetns Pod, PodServer Server) pod)
    {
        pod.Server.Dispose();
        bed.Runtime.Delete(pod.Pod);
    }

    private static void AssertServed(CniBed bed, string name)
    {
        var port = FirstPort + name[1] - '0';
        Assert.Equal(CniBed.Of(Firewalls.ServiceWays.Of("ac", "ac", "ac"), (port, name)), bed.Try(port));
    }
}
