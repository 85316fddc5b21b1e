using System.Net;
using EbpfLb.Testing.Manifests;

namespace EbpfLb.E2E.Outside;

/// <summary>The ways to a service from outside.</summary>
public enum Way
{
    NodePortOfFirst,
    NodePortOfSecond,
    ExternalIP,
    LoadBalancerIP,

    /// <summary>The router sends ClusterIPs to the first node.</summary>
    ClusterIP,
}

/// <summary>A dual-stack service of type LoadBalancer, TCP and UDP on one port, on addresses and NodePorts of its own.</summary>
public sealed record OutsideService(ServiceManifest Manifest)
{
    public const int Port = 80;

    public int NodePort => Manifest.Ports[0].NodePort;

    /// <summary>"172.18.0.1:30001", "[2001:db8:1::7]:80" and so on.</summary>
    public string Address(TestCluster cluster, Way way, Family family)
    {
        var index = family == Family.IPv6 ? 1 : 0;
        var (ip, port) = way switch
        {
            Way.NodePortOfFirst => (cluster.First.Address(family), NodePort),
            Way.NodePortOfSecond => (cluster.Second.Address(family), NodePort),
            Way.ExternalIP => (Manifest.ExternalIPs[index].ToString(), Port),
            Way.LoadBalancerIP => (Manifest.LoadBalancerIPs[index].ToString(), Port),
            _ => (Manifest.ClusterIPs[index].ToString(), Port),
        };
        return new IPEndPoint(IPAddress.Parse(ip), port).ToString();
    }
}
