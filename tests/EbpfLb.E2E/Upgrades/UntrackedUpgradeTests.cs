using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>Flows that have no entry, through an upgrade that makes all maps anew: no map is copied that knows them.</summary>
public sealed class UntrackedUpgradeTests
{
    private const int Held = 100;

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Flows_without_entries_go_on_through_an_upgrade_to_another_layout_and_back(Family family)
    {
        using var cluster = new TestCluster(
            new TestClusterOptions { Extra = ["--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev"] });
        var service = cluster.Publish("c");
        var to = service.Address(cluster, Way.LoadBalancerIP, family);
        cluster.Probe.Do($"hold id=held to={to} count={Held}");

        foreach (var binary in (string[])[UpgradeTests.BinaryOf("every"), TestNode.Binary])
        {
            Switch(binary);
            Assert.Equal(Held, Answered());
        }
        Assert.DoesNotContain("198.51.100", cluster.First.Agent.Command("conntrack", "list").Output, StringComparison.Ordinal);

        // In the new maps places change hands as in the old ones.
        cluster.Publish(service with { Manifest = service.Manifest with { Endpoints = cluster.Addresses("c", "d") } });
        Eventually.True(() => cluster.Probe.Load(LoadMode.Tcp, to, 50).Names.Count == 2, () => $"both pods{cluster.Report()}");
        Assert.Equal(Held, Answered());

        // The new maps do not know who had a place before. But the node that packets go to knows its flows.
        Switch(UpgradeTests.BinaryOf("every"));
        Assert.Equal(Held, Answered());

        void Switch(string binary)
        {
            cluster.First.Agent.Kill();
            cluster.First.Agent.LaunchInstead(binary);
            cluster.First.Agent.WaitUntilReady();
        }

        long Answered() => cluster.Probe.Ask("exchange id=held").Number("answered");
    }
}
