using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>Agents and backends die while clients outside go on. Each test has a cluster of its own.</summary>
public sealed class SurvivalTests : IDisposable
{
    private readonly TestCluster cluster = new();

    [Fact]
    public void Killed_and_started_again_under_load_no_connection_of_an_outside_client_fails()
    {
        var service = cluster.Publish("a", "b", "c", "d");
        var held = service.Address(cluster, Way.LoadBalancerIP, Family.IPv4);
        cluster.Probe.Do($"hold id=held to={held} count=200");
        var loads = Loads(service);
        var before = cluster.First.Agent.PinnedIds();

        cluster.First.Agent.Kill();
        Assert.All(loads, load => load.AfterMore(50));
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        Assert.All(loads, load => load.AfterMore(50));

        Assert.All(loads.Select(load => load.Stop()), report => Assert.True(report.IsClean, report.Line));
        Assert.Equal(200, cluster.Probe.Do("exchange id=held").Number("answered"));
        Assert.Equal(before, cluster.First.Agent.PinnedIds());
        Assert.Equal(0, cluster.First.Agent.FirstPlanOperations());
    }

    [Contract("19.17", "UDP flows of endpoints that do not serve any more go")]
    [Contract("12", "an active client moves: ClusterIP, NodePort, Local, hostNetwork, connected sockets")]
    [Fact]
    public void A_UDP_flow_moves_to_another_backend_when_its_own_goes()
    {
        var service = cluster.Publish("a", "c");
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            var to = service.Address(cluster, Way.NodePortOfFirst, family);
            var socket = cluster.Probe.Open("udp", to, "timeout=200");
            Assert.True(socket.Connect(to).Ok);
            Assert.True(socket.Send(1).Ok);
            var first = socket.Receive(1)["name"];
            var gone = first.StartsWith('a') ? "a" : "c";
            var left = gone == "a" ? "c" : "a";

            cluster.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses(left) });

            var number = 1;
            Eventually.True(
                () => socket.Send(++number).Ok && socket.Receive(number)["name"].StartsWith(left, StringComparison.Ordinal),
                $"the flow to move from {gone} to {left}");
            socket.Close();
            cluster.Manifests.Put(service.Manifest);
            Eventually.True(() => cluster.Probe.Load(LoadMode.Tcp, to, 20).Names.Count == 2, "both backends to be back");
        }
    }

    [Contract("12", "UDP only: TCP stays, unless it is asked for")]
    [Fact]
    public void A_removed_backend_keeps_its_connections_and_gets_no_new_ones()
    {
        var service = cluster.Publish("a", "c");
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=old to={to} count=40");

        cluster.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses("a") });
        Eventually.True(() => cluster.Probe.Load(LoadMode.Tcp, to, 10).Names.Count == 1, "c to be left out");

        Assert.Equal(40, cluster.Probe.Do("exchange id=old").Number("answered"));
    }

    public void Dispose() => cluster.Dispose();

    private BackgroundLoad[] Loads(OutsideService service) =>
    [
        cluster.Probe.Start(new LoadSpec(LoadMode.Tcp, service.Address(cluster, Way.NodePortOfFirst, Family.IPv4))),
        cluster.Probe.Start(new LoadSpec(LoadMode.Tcp, service.Address(cluster, Way.ExternalIP, Family.IPv6))),
        cluster.Probe.Start(new LoadSpec(LoadMode.UdpConnected, service.Address(cluster, Way.LoadBalancerIP, Family.IPv4))),
        cluster.Probe.Start(new LoadSpec(LoadMode.UdpShared, service.Address(cluster, Way.NodePortOfFirst, Family.IPv6))),
    ];
}
