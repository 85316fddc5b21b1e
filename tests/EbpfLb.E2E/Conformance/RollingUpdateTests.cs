using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>
/// Pods are replaced one by one as a Deployment does it, servers really end, and clients outside do not notice (loadbalancer.go).
/// </summary>
[Collection(typeof(ConformanceCollection))]
public sealed class RollingUpdateTests(ConformanceCluster lab) : IDisposable
{
    private const int Port = 8090;
    private readonly TestCluster cluster = lab.Cluster;
    private readonly Queue<PodServer> servers = [];

    public void Dispose() => EndAllBut(0);

    [Theory]
    [InlineData("Cluster")]
    [InlineData("Local")]
    public void A_rolling_update_disturbs_nobody(string policy)
    {
        // The only pod is followed by one on the same node, as under the policy Local a load balancer would send clients nowhere else.
        var (name, next) = ("a", "b");
        Serve(name);
        var service = lab.Publish([name],
            manifest => manifest with
            {
                ExternalTrafficPolicy = policy, Ports = [.. manifest.Ports.Select(port => port with { TargetPort = Port })],
            });
        var loads = (
            from family in ConformanceCluster.Families
            from way in (Way[])[Way.LoadBalancerIP, Way.NodePortOfFirst]
            select cluster.Probe.Start(new LoadSpec(LoadMode.Tcp, service.Address(cluster, way, family)) { Rate = 200 })).ToArray();
        IReadOnlyList<IPAddress> Of(string pod) => cluster.Addresses(pod);

        for (var round = 0; round < 4; round++)
        {
            // The old one is told to end before the new one is ready: it serves on meanwhile.
            Serve(next);
            lab.Manifests.Put(service.Manifest with { Endpoints = [], TerminatingEndpoints = Of(name), UnreadyEndpoints = Of(next) });
            Assert.All(loads, load => load.AfterMore(20));
            lab.Manifests.Put(service.Manifest with { Endpoints = Of(next), TerminatingEndpoints = Of(name) });
            foreach (var family in ConformanceCluster.Families)
                lab.Until(next, service.Address(cluster, Way.LoadBalancerIP, family), LoadMode.Tcp, "client");
            // Requests under way at that time have their answer.
            Assert.All(loads, load => load.AfterMore(5));
            lab.Manifests.Put(service.Manifest with { Endpoints = Of(next) });
            EndAllBut(1);
            (name, next) = (next, name);
            Assert.All(loads, load => load.AfterMore(20));
        }

        foreach (var report in loads.Select(load => load.Stop()))
        {
            Assert.True(report.IsClean, report.Line);
            Assert.Equal(2, report.Names.Keys.Select(reply => reply[0]).Distinct().Count());
        }
    }

    private void Serve(string pod) => servers.Enqueue(PodServer.Start(cluster.Pod(pod).Place, pod, $"{Port}", $"{Port}", showClient: true));

    /// <summary>The oldest first.</summary>
    private void EndAllBut(int count)
    {
        while (servers.Count > count)
            servers.Dequeue().Dispose();
    }
}
