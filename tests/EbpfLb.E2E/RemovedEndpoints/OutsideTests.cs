using System.Diagnostics;
using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>UDP clients outside: they know of nothing, and keep their 5-tuple.</summary>
public sealed class OutsideTests(TestCluster cluster, ITestOutputHelper output) : IClassFixture<TestCluster>
{
    public static MatrixTheoryData<Way, Family, string> Cases
        => new([Way.NodePortOfFirst, Way.ClusterIP], [Family.IPv4, Family.IPv6], ["b", "c"]);

    [Contract("12", "which: flows of frontends, of every kind")]
    [Theory]
    [MemberData(nameof(Cases))]
    public void A_client_that_keeps_its_port_moves_with_its_next_datagram_and_its_flow_is_deleted(Way way, Family family, string to)
    {
        var service = cluster.Publish("a");
        var frontend = service.Address(cluster, way, family);
        var swarm = cluster.Probe.StartSwarm("send", frontend, 3);
        Eventually.True(() => Names(swarm.Report) == "a", () => $"{swarm.Report}{cluster.Report()}");

        var watch = Stopwatch.StartNew();
        cluster.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses(to) });
        Eventually.True(() => Names(swarm.Report) == to, () => $"{swarm.Report}{cluster.Report()}");
        output.WriteLine($"moved within {watch.ElapsedMilliseconds} ms of the change of the file");

        Assert.Equal(0, swarm.Aborted);
        swarm.Stop();
        // By programs or the agent, whoever was faster.
        var gone = new IPEndPoint(family == Family.IPv6 ? cluster.Pod("a").IPv6 : cluster.Pod("a").IPv4, 0).ToString()[..^1];
        Eventually.True(
            () => !cluster.First.Agent.Command("conntrack", "list", "--frontend", frontend).Output.Contains(gone, StringComparison.Ordinal),
            () => $"the flows to the removed endpoint to go{cluster.Report()}");
    }

    [Contract("12", "when: with every change that takes a backend out of all lists; no period")]
    [Contract("12", "deleted Services and ports: their flows go")]
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void The_flow_of_a_silent_client_is_deleted_with_its_backend_and_with_its_service(Family family)
    {
        var (moved, removed) = (cluster.Publish("a"), cluster.Publish("b"));
        var before = cluster.First.Agent.DeletedFlows(family);
        foreach (var service in (OutsideService[])[moved, removed])
        {
            var to = service.Address(cluster, Way.NodePortOfFirst, family);
            var socket = cluster.Probe.Open("udp", to);
            socket.Connect(to);
            Assert.True(socket.Send(1).Ok);
            Assert.True(socket.Receive(1).Ok);
        }

        cluster.Manifests.Put(moved.Manifest with { Endpoints = cluster.Addresses("c") });
        Eventually.True(() => cluster.First.Agent.DeletedFlows(family) == before + 1, () => cluster.Report());
        cluster.Manifests.Remove(removed.Manifest.Name);

        Eventually.True(() => cluster.First.Agent.DeletedFlows(family) == before + 2, () => cluster.Report());
    }

    /// <summary>Pods that answered last, without the address that they saw; "-" while somebody waits for an answer.</summary>
    private static string Names(string report)
    {
        if (!report.Contains(" silent=0 ", StringComparison.Ordinal)) return "-";
        return string.Join(' ',
            report.Split(' ').Where(w => w.StartsWith("by:", StringComparison.Ordinal)).Select(w
                => w[3..w.IndexOf('@', StringComparison.Ordinal)]).Distinct());
    }
}
