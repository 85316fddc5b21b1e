using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>
/// What the maps of before remember stays as it was for as long as programs in between look there, which is long where the agent that put
/// them there was killed.
/// </summary>
public sealed class ReusedPortTests
{
    /// <summary>Longer than flows that ended and flows that begin are kept apart.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_connection_of_a_port_that_had_one_before_the_switch_is_open(Family family)
    {
        using var cluster = new TestCluster();
        var agent = cluster.First.Agent;
        var to = cluster.Publish("c").Address(cluster, Way.NodePortOfFirst, family);
        var from = new IPEndPoint(family == Family.IPv4 ? cluster.Client.IPv4 : cluster.Client.IPv6, 40_000).ToString();
        agent.Kill();
        agent.LaunchInstead(UpgradeTests.BinaryOf("every"));
        agent.WaitUntilReady();
        Assert.Equal(1, cluster.Probe.Load(new LoadSpec(LoadMode.Tcp, to) { From = from, Count = 1 }).Answered);

        var hooks = agent.PinnedIds().Keys.Count(name => name.StartsWith("links/", StringComparison.Ordinal));
        agent.Kill();
        agent.LaunchInstead(TestNode.Binary, RepositoryPaths.Netprobe, "killed", $"update*{hooks + 1}");
        Assert.Equal(128 + 9, agent.WaitUntilEnded());
        Thread.Sleep(Later);
        cluster.Probe.Do($"hold id=held to={to} from={from} count=1");
        Assert.Equal(1, Answered());
        Assert.Equal(1, Answered());

        agent.LaunchInstead(TestNode.Binary);
        agent.WaitUntilReady();
        Assert.Contains(from, agent.Command("conntrack", "list", "--phase", "open").Output, StringComparison.Ordinal);
        Assert.Equal(1, Answered());

        long Answered() => cluster.Probe.Ask("exchange id=held").Number("answered");
    }

    /// <summary>
    /// A flow that was brought along had ended, and its port is used anew before packets go over: to another backend, and to the same one,
    /// whose connection must not be taken for the one that ended.
    /// </summary>
    [Theory]
    [InlineData(Family.IPv4, "d")]
    [InlineData(Family.IPv6, "d")]
    [InlineData(Family.IPv4, "c")]
    [InlineData(Family.IPv6, "c")]
    public void A_connection_of_a_port_that_had_one_when_flows_were_copied_goes_on(Family family, string second)
    {
        using var cluster = new TestCluster();
        var agent = cluster.First.Agent;
        var service = cluster.Publish("c");
        var to = service.Address(cluster, Way.NodePortOfFirst, family);
        var from = new IPEndPoint(family == Family.IPv4 ? cluster.Client.IPv4 : cluster.Client.IPv6, 40_000).ToString();
        Assert.Equal(1, cluster.Probe.Load(new LoadSpec(LoadMode.Tcp, to) { From = from, Count = 1 }).Answered);
        cluster.Publish(service with { Manifest = service.Manifest with { Endpoints = cluster.Addresses(second) } });
        Eventually.True(
            () => cluster.Probe.Load(LoadMode.Tcp, to, 20).Names.Keys.All(name => name.StartsWith(second, StringComparison.Ordinal)),
            $"{second} alone to answer");

        using var place = new ManifestDirectory();
        var held = Path.Combine(place.Path, "held");
        var hooks = agent.PinnedIds().Keys.Count(name => name.StartsWith("links/", StringComparison.Ordinal));
        agent.Kill();
        agent.LaunchInstead(UpgradeTests.BinaryOf("every"), RepositoryPaths.Netprobe, "held", held, $"update*{hooks},pin*1");
        Eventually.True(() => File.Exists(held), () => $"flows to be copied. Log of the agent:\n{agent.Log}");
        Thread.Sleep(Later);
        cluster.Probe.Do($"hold id=held to={to} from={from} count=1");
        Assert.Equal(1, Answered());
        File.Delete(held);
        agent.WaitUntilReady();
        Assert.Equal(1, Answered());

        // By an agent that can read the maps.
        agent.Kill();
        agent.LaunchInstead(TestNode.Binary);
        agent.WaitUntilReady();
        Assert.Equal(1, Answered());
        Assert.Contains(from, agent.Command("conntrack", "list", "--phase", "open").Output, StringComparison.Ordinal);

        long Answered() => cluster.Probe.Ask("exchange id=held").Number("answered");
    }
}
