using EbpfLb.Kubernetes.Tests.Wire;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Kubernetes.Tests.Contract;

/// <summary>docs/contract.md 19, the items that are decided when objects are read; see docs/conformance.md.</summary>
public sealed class Section19Tests
{
    private readonly WireFixture wire = new();

    [Contract("19.14", "spec.loadBalancerIP is never used")]
    [Fact]
    public void Item_14_spec_loadBalancerIP_is_never_used()
    {
        var service = wire.Service("""
            {"metadata":{"name":"web","namespace":"shop"},"spec":{"type":"LoadBalancer","clusterIP":"10.96.0.1","loadBalancerIP":"198.51.100.99","ports":[{"port":80}]},
             "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.1"}]}}}
            """);

        Assert.Equal([IpAddress.Parse("203.0.113.1")], service.BalancerIPs);
        Assert.DoesNotContain(IpAddress.Parse("198.51.100.99"), service.ExternalIPs.Concat(service.ClusterIPs));
    }

    [Contract("19.15", "leading zeros are decimal")]
    [Fact]
    public void Item_15_leading_zeros_are_decimal()
    {
        var service = wire.Service("""
            {"metadata":{"name":"web","namespace":"shop"},"spec":{"clusterIP":"172.30.0.041","clusterIPs":["172.30.0.041"],"externalIPs":["198.51.100.010"],
             "loadBalancerSourceRanges":["203.0.113.000/025"],"ports":[{"port":80}]},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.010"}]}}}
            """);
        var slice = wire.Slice("""
            {"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
             "endpoints":[{"addresses":["10.180.000.010"]}],"ports":[{"port":80}]}
            """);

        Assert.Equal([IpAddress.Parse("172.30.0.41")], service.ClusterIPs);
        Assert.Equal([IpAddress.Parse("198.51.100.10")], service.ExternalIPs);
        Assert.Equal([IpAddress.Parse("203.0.113.10")], service.BalancerIPs);
        Assert.Equal([SourceRange.Parse("203.0.113.0/25")], service.SourceRanges);
        Assert.Equal(IpAddress.Parse("10.180.0.10"), slice!.Endpoints[0].Address);
        Assert.Empty(wire.Warnings);
    }
}
