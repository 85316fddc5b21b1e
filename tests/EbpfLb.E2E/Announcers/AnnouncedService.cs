using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Announcers;

/// <summary>A Service whose load balancer addresses others bring to the nodes, and how it is asked.</summary>
internal static class AnnouncedService
{
    private const int Count = 40;

    /// <summary>With addresses in the nodes' own networks, as VRRP has them.</summary>
    public static OutsideService PublishBesideNodes(this TestCluster cluster, params IReadOnlyList<string> pods)
    {
        var service = cluster.NewService(pods);
        var number = service.NodePort - 30_000;
        return cluster.Publish(service with
        {
            Manifest = service.Manifest with
            {
                LoadBalancerIPs = [IPAddress.Parse($"172.18.0.{100 + number}"), IPAddress.Parse($"fd00:172:18::{100 + number}")],
            },
        });
    }

    /// <summary>
    /// New connections and datagrams, of both families, of a client outside to the load balancer address are all answered, by these pods.
    /// </summary>
    public static void AssertServed(this TestCluster cluster, OutsideService service, string pods, string where)
        => cluster.AssertServed(cluster.Probe, "a client", service, pods, where);

    /// <summary>The same of a pod and of both nodes.</summary>
    public static void AssertServedInside(this TestCluster cluster, OutsideService service, string pods, string where)
    {
        using var pod = NetProbe.Start(cluster.Pod("b").Place);
        cluster.AssertServed(pod, "a pod", service, pods, where);
        cluster.AssertServed(cluster.First.Host, "the first node", service, pods, where);
        cluster.AssertServed(cluster.Second.Host, "the second node", service, pods, where);
    }

    /// <summary>Holds connections of a client outside by way of the service, both families; how many answer is what it returns.</summary>
    public static int Hold(this TestCluster cluster, string id, OutsideService service, Way way, int count)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
            cluster.Probe.Do($"hold id={id}{family} to={service.Address(cluster, way, family)} count={count}");
        return cluster.Answered(id);
    }

    /// <summary>Of connections that are held how many answer.</summary>
    public static int Answered(this TestCluster cluster, string id) => ((Family[])[Family.IPv4, Family.IPv6]).Sum(family =>
        (int)cluster.Probe.Ask($"exchange id={id}{family}").Number("answered"));

    private static void AssertServed(
        this TestCluster cluster, NetProbe probe, string who, OutsideService service, string pods, string where)
    {
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            var to = service.Address(cluster, Way.LoadBalancerIP, family);
            var report = probe.Load(new LoadSpec(mode, to) { Count = Count, Timeout = TimeSpan.FromSeconds(5) });
            Assert.True(report.IsClean && string.Concat(report.Names.Keys.Select(n => n[0]).Distinct().Order()) == pods,
                $"{mode} {family} of {who}, {where}: {report.Line}\n{cluster.Report()}");
        }
    }
}
