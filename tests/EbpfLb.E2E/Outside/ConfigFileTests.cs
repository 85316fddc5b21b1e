using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>A configuration file of kube-proxy that changes while the agents run.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private const string Head = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        clusterCIDR: 10.244.0.0/16,fd00:10:244::/48

        """;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-config-");
    private readonly TestCluster cluster;

    public ConfigFileTests()
    {
        Write(Head);
        cluster = new TestCluster(new TestClusterOptions { Config = File });
    }

    private string File => Path.Combine(directory.FullName, "config.conf");

    public void Dispose()
    {
        cluster.Dispose();
        directory.Delete(recursive: true);
    }

    [Contract("4.1", "addresses that come and go: answer, and do not")]
    [Fact]
    public void NodePorts_come_and_go_with_their_addresses_and_a_bad_file_changes_nothing()
    {
        var service = cluster.Publish("a", "c");
        WaitForNodePort(service, isOpen: true);

        Write(Head + "nodePortAddresses: [198.51.100.0/24, \"2001:db8:ffff::/48\"]\n");
        WaitForNodePort(service, isOpen: false);
        // Only NodePorts have gone.
        Assert.True(cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.ExternalIP, Family.IPv4), 10).IsClean, cluster.Report());

        Write(Head + "nodePortAddresses: [everywhere]\n");
        Eventually.True(
            () => cluster.First.Agent.Command("status").Output.Contains(
                "nodePortAddresses[0]: 'everywhere' is not a range", StringComparison.Ordinal),
            () => $"the error to be shown{cluster.Report()}");
        Assert.Contains("ebpflb_config_good 0\n", cluster.First.Agent.Metrics(), StringComparison.Ordinal);
        Assert.False(IsOpen(service));

        Write(Head);
        WaitForNodePort(service, isOpen: true);
        Assert.Contains("ebpflb_config_good 1\n", cluster.First.Agent.Metrics(), StringComparison.Ordinal);
    }

    private void WaitForNodePort(OutsideService service, bool isOpen)
        => Eventually.True(() => IsOpen(service) == isOpen, () => $"NodePorts to be {(isOpen ? "open" : "closed")}{cluster.Report()}");

    private bool IsOpen(OutsideService service)
        => cluster.Probe.Load(new LoadSpec(LoadMode.Tcp,
            service.Address(cluster, Way.NodePortOfFirst, Family.IPv4)) { Count = 1, Timeout = TimeSpan.FromMilliseconds(500) })
            .Answered == 1;

    /// <summary>As editors and the kubelet do: never half of it.</summary>
    private void Write(string text)
    {
        var next = Path.Combine(directory.FullName, "next");
        System.IO.File.WriteAllText(next, text);
        System.IO.File.Move(next, File, overwrite: true);
    }
}
