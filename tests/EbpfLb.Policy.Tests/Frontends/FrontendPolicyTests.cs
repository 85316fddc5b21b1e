using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Frontends;

/// <summary>docs/contract.md 4: where a Service answers, and sections 1 and 2: where it does not.</summary>
public sealed class FrontendPolicyTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Slice("web-4", "web", ["http:8080"], ["10.1.0.1"])
        .Slice("web-6", "web", ["http:8080"], ["fd01::1"]);

    private string[] Lines() => cluster.Build().Compile().Lines();

    [Contract("4", "several LB addresses: each is served")]
    [Fact]
    public void Each_family_has_its_own_addresses_of_every_kind()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80@30080"], type: ServiceType.LoadBalancer,
            externalIPs: ["203.0.113.1", "2001:db8:2::1", "203.0.113.2"], balancerIPs: ["2001:db8:1::1", "198.51.100.1", "198.51.100.2"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080",
                "LoadBalancer 198.51.100.1:80/TCP -> 10.1.0.1:8080",
                "LoadBalancer 198.51.100.2:80/TCP -> 10.1.0.1:8080",
                "ExternalIP 203.0.113.1:80/TCP -> 10.1.0.1:8080",
                "ExternalIP 203.0.113.2:80/TCP -> 10.1.0.1:8080",
                "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080",
                "[fd00::1]:80/TCP -> [fd01::1]:8080",
                "LoadBalancer [2001:db8:1::1]:80/TCP -> [fd01::1]:8080",
                "ExternalIP [2001:db8:2::1]:80/TCP -> [fd01::1]:8080",
                "NodePort [::]:30080/TCP -> [fd01::1]:8080",
            ],
            Lines());
    }

    [Contract("4", "external IP: of any type of Service, whoever has the address; externalTrafficPolicy, no ranges")]
    [Theory]
    [InlineData(ServiceType.ClusterIP)]
    [InlineData(ServiceType.NodePort)]
    [InlineData(ServiceType.LoadBalancer)]
    public void External_addresses_are_served_whatever_the_type(ServiceType type)
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], type: type, externalIPs: ["203.0.113.1"], balancerIPs: ["198.51.100.1"]);

        Assert.Equal(
            ["10.96.0.1:80/TCP -> 10.1.0.1:8080", "LoadBalancer 198.51.100.1:80/TCP -> 10.1.0.1:8080",
                "ExternalIP 203.0.113.1:80/TCP -> 10.1.0.1:8080"],
            Lines());
    }

    [Contract("1", "no ClusterIP of a family: nothing of that family")]
    [Fact]
    public void Without_a_cluster_ip_of_the_family_nothing_of_the_family_is_served()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], externalIPs: ["2001:db8:2::1"], balancerIPs: ["2001:db8:1::1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080"], Lines());
    }

    [Contract("1", "clusterIP None or empty: ignored, NodePorts and external addresses too")]
    [Fact]
    public void A_headless_service_has_no_node_port_and_no_external_address()
    {
        cluster.Service("web", [], ["http:80@30080"], externalIPs: ["203.0.113.1"], balancerIPs: ["198.51.100.1"]);

        Assert.Empty(Lines());
    }

    [Contract("1", "label service-proxy-name: ignored, whatever its value")]
    [Theory]
    [InlineData(ServiceType.ExternalName, ServiceLabels.None)]
    [InlineData(ServiceType.NodePort, ServiceLabels.ProxyName)]
    [InlineData(ServiceType.NodePort, ServiceLabels.Headless)]
    public void What_is_not_for_this_proxy_has_no_frontend_of_any_kind(ServiceType type, ServiceLabels labels)
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], type: type, labels: labels, externalIPs: ["203.0.113.1"],
            balancerIPs: ["198.51.100.1"]);

        Assert.Empty(Lines());
    }

    [Fact]
    public void Every_port_has_its_own_node_port_and_the_addresses_of_all()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080", "quic:80@30080/UDP", "sync:90/SCTP"], externalIPs: ["203.0.113.1"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080", "ExternalIP 203.0.113.1:80/TCP -> 10.1.0.1:8080",
                "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080",
                "10.96.0.1:80/UDP -> refuse", "ExternalIP 203.0.113.1:80/UDP -> refuse", "NodePort 0.0.0.0:30080/UDP -> refuse",
                "10.96.0.1:90/SCTP -> refuse", "ExternalIP 203.0.113.1:90/SCTP -> refuse",
            ],
            Lines());
    }

    [Fact]
    public void An_address_that_a_service_has_twice_is_served_once()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], externalIPs: ["203.0.113.1", "203.0.113.1", "10.96.0.1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "ExternalIP 203.0.113.1:80/TCP -> 10.1.0.1:8080"], Lines());
    }

    [Contract("4", "LoadBalancer address: externalTrafficPolicy, ranges; also an address that is an external IP too")]
    [Fact]
    public void An_external_ip_that_is_also_the_load_balancers_keeps_its_source_ranges()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"],
            externalIPs: ["198.51.100.1"], balancerIPs: ["198.51.100.1"], sourceRanges: ["192.0.2.0/24"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "LoadBalancer 198.51.100.1:80/TCP -> 10.1.0.1:8080"], Lines());
        Assert.Equal(["192.0.2.0/24"], cluster.Build().Compile().Ranges());
    }

    [Fact]
    public void An_unspecified_external_address_is_not_taken_for_a_node_port()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80"], externalIPs: ["0.0.0.0", "::"], balancerIPs: ["::", "0.0.0.0"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "[fd00::1]:80/TCP -> [fd01::1]:8080"], Lines());
    }

    [Fact]
    public void A_node_port_that_two_ports_of_a_service_have_is_the_firsts_and_reported()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80@30080", "admin:81@30080"]);

        var table = cluster.Build().Compile();

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080", "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080", "10.96.0.1:81/TCP -> refuse",
                "[fd00::1]:80/TCP -> [fd01::1]:8080", "NodePort [::]:30080/TCP -> [fd01::1]:8080", "[fd00::1]:81/TCP -> refuse",
            ],
            table.Lines());
        var diagnostic = Assert.Single(table.Diagnostics);
        Assert.Equal("spec.ports[1].nodePort", diagnostic.Field);
        Assert.Contains("30080 is that of spec.ports[0]", diagnostic.Message);
    }

    [Fact]
    public void A_node_port_that_was_given_back_is_no_longer_served()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], type: ServiceType.NodePort);
        var before = cluster.Build().Compile();
        cluster.Service("web", ["10.96.0.1"], ["http:80"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], cluster.Build().Compile(before).Lines());
    }
}
