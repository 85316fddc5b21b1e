using System.Text.Json.Nodes;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Model;
using EbpfLb.Testing;
using static EbpfLb.Kubernetes.Tests.Wire.WireFixture;

namespace EbpfLb.Kubernetes.Tests.Wire;

/// <summary>What a Service says about clients outside of the cluster (docs/contract.md 1 and 4).</summary>
public sealed class ExternalMappingTests
{
    private readonly WireFixture wire = new();

    private Service WithSpec(string spec) => wire.Service($$$"""{"metadata":{"name":"web","namespace":"shop"},"spec":{{{spec}}} }""");

    private Service WithIngress(string ingress)
        => wire.Service($$$"""{"metadata":{"name":"web","namespace":"shop"},"status":{"loadBalancer":{"ingress":{{{ingress}}} } } }""");

    [Contract("1", "fields used: all of them, and null is as left out")]
    [Fact]
    public void A_load_balancer_maps_with_all_its_fields()
    {
        var service = wire.Service("""
            {"metadata":{"name":"web","namespace":"shop"},
             "spec":{"type":"LoadBalancer","clusterIP":"10.96.0.7","clusterIPs":["10.96.0.7","fd00::7"],
              "ports":[{"name":"http","protocol":"TCP","port":80,"nodePort":30080}],
              "externalIPs":["192.0.2.7","2001:db8::7"],"loadBalancerIP":"198.51.100.99",
              "loadBalancerSourceRanges":["10.0.0.0/8","2001:db8::/32"],
              "internalTrafficPolicy":"Local","externalTrafficPolicy":"Local","healthCheckNodePort":32000},
             "status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.7","ipMode":"VIP","ports":[{"port":80,"protocol":"TCP"}]},{"ip":"2001:db8:1::7"}]}}}
            """);

        Assert.Equal(
            new Service(
                new("shop", "web"), ServiceType.LoadBalancer, [Ip("10.96.0.7"), Ip("fd00::7")],
                [new("http", TransportProtocol.Tcp, 80, 30080)], 0, ServiceLabels.None)
            {
                ExternalIPs = [Ip("192.0.2.7"), Ip("2001:db8::7")],
                BalancerIPs = [Ip("198.51.100.7"), Ip("2001:db8:1::7")],
                SourceRanges = [SourceRange.Parse("10.0.0.0/8"), SourceRange.Parse("2001:db8::/32")],
                InternalTraffic = TrafficPolicy.Local,
                ExternalTraffic = TrafficPolicy.Local,
                HealthCheckNodePort = 32000,
            },
            service);
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void The_external_ips_of_a_recorded_page_are_read()
    {
        var items = JsonNode.Parse(Recording.Load("list-services-page2").Text)!["items"]!.AsArray();

        var service = items.Select(i => wire.Service(i!.ToJsonString())).Single(s => !s.ExternalIPs.IsEmpty);

        Assert.Equal([Ip("192.168.1.100"), Ip("192.168.1.101")], service.ExternalIPs);
        Assert.Empty(wire.Warnings);
    }

    /// <summary>docs/contract.md 19, item 14.</summary>
    [Contract("1", "never used: loadBalancerIP, targetPort, publishNotReadyAddresses, host names, the selector, annotations")]
    [Fact]
    public void The_load_balancer_ip_of_the_spec_is_never_used()
        => Assert.Equal(
            new Service(new("shop", "web"), ServiceType.LoadBalancer, [], [], 0, ServiceLabels.None),
            WithSpec("""{"type":"LoadBalancer","loadBalancerIP":"198.51.100.99"}"""));

    /// <summary>docs/contract.md 19, item 15.</summary>
    [Contract("1", "IP text: leading zeros are decimal, no short forms; blanks around ranges do not count")]
    [Fact]
    public void Leading_zeros_are_decimal_in_every_address_and_range()
    {
        Assert.Equal([Ip("172.30.0.41")], WithSpec("""{"externalIPs":["172.30.0.041"]}""").ExternalIPs);
        Assert.Equal([Ip("203.0.113.10")], WithIngress("""[{"ip":"203.0.113.010"}]""").BalancerIPs);
        Assert.Equal(
            ["203.0.113.0/25"], WithSpec("""{"loadBalancerSourceRanges":["203.0.113.000/025"]}""").SourceRanges.Select(r => r.ToString()));
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void Blanks_around_a_source_range_do_not_count()
        => Assert.Equal(
            ["10.0.0.0/8"], WithSpec("""{"loadBalancerSourceRanges":[" 10.0.0.0/8\t"]}""").SourceRanges.Select(r => r.ToString()));

    [Contract("1", "ipMode: Proxy is no VIP, unset is one")]
    [Contract(
        "18",
        "serving, terminating, hints.forZones, hints.forNodes, internalTrafficPolicy, ipMode: absent: serving, not terminating, no "
        + "hints, Cluster, VIP")]
    [Theory]
    [InlineData("""[{"ip":"198.51.100.7"}]""", true)]
    [InlineData("""[{"ip":"198.51.100.7","ipMode":null}]""", true)]
    [InlineData("""[{"ip":"198.51.100.7","ipMode":"VIP"}]""", true)]
    [InlineData("""[{"ip":"198.51.100.7","ipMode":"Proxy"}]""", false)]
    public void Only_a_vip_is_an_address_of_the_service(string ingress, bool isServed)
    {
        Assert.Equal(isServed ? [Ip("198.51.100.7")] : [], WithIngress(ingress).BalancerIPs);
        Assert.Empty(wire.Warnings);
    }

    [Contract("1", "never used: loadBalancerIP, targetPort, publishNotReadyAddresses, host names, the selector, annotations")]
    [Theory]
    [InlineData("""[{"hostname":"lb.example.com"}]""")]
    [InlineData("""[{"ip":"","hostname":"lb.example.com"}]""")]
    [InlineData("[]")]
    [InlineData("null")]
    public void A_load_balancer_without_an_address_has_none_and_no_warning(string ingress)
    {
        Assert.Empty(WithIngress(ingress).BalancerIPs);
        Assert.Empty(wire.Warnings);
    }

    [Contract("1", "addresses and ranges that are none: that entry is left out with a warning")]
    [Theory]
    [InlineData("""{"externalIPs":["192.0.2","192.0.2.7"]}""", "spec.externalIPs[0]", "192.0.2")]
    [InlineData("""{"externalIPs":["0.0.0.0","192.0.2.7"]}""", "spec.externalIPs[0]", "0.0.0.0")]
    [InlineData("""{"externalIPs":["192.0.2.7","::"]}""", "spec.externalIPs[1]", "::")]
    [InlineData("""{"externalIPs":["127.0.0.1","192.0.2.7"]}""", "spec.externalIPs[0]", "127.0.0.1")]
    [InlineData("""{"externalIPs":["127.8.0.1","192.0.2.7"]}""", "spec.externalIPs[0]", "127.8.0.1")]
    [InlineData("""{"externalIPs":["192.0.2.7","::1"]}""", "spec.externalIPs[1]", "::1")]
    [InlineData("""{"externalIPs":["192.0.2.7","169.254.169.254"]}""", "spec.externalIPs[1]", "169.254.169.254")]
    [InlineData("""{"externalIPs":["192.0.2.7","fe80::1"]}""", "spec.externalIPs[1]", "fe80::1")]
    [InlineData("""{"externalIPs":["192.0.2.7","224.0.0.251"]}""", "spec.externalIPs[1]", "224.0.0.251")]
    [InlineData("""{"externalIPs":["192.0.2.7","239.1.2.3"]}""", "spec.externalIPs[1]", "239.1.2.3")]
    [InlineData("""{"externalIPs":["192.0.2.7","ff05::2"]}""", "spec.externalIPs[1]", "ff05::2")]
    [InlineData("""{"externalIPs":["192.0.2.7","255.255.255.255"]}""", "spec.externalIPs[1]", "255.255.255.255")]
    public void An_external_ip_that_is_none_is_dropped_and_named(string spec, string field, string value)
    {
        Assert.Equal([Ip("192.0.2.7")], WithSpec(spec).ExternalIPs);
        var warning = Assert.Single(wire.Warnings);
        Assert.Equal(("Service", "shop/web", field, value), (warning.Kind, warning.Object.ToString(), warning.Field, warning.Value));
    }

    [Contract("1", "addresses and ranges that are none: that entry is left out with a warning")]
    [Theory]
    [InlineData("""[{"ip":"198.51.100.300"},{"ip":"198.51.100.7"}]""", "status.loadBalancer.ingress[0].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"0.0.0.0"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"198.51.100.8","ipMode":"Tunnel"}]""", "status.loadBalancer.ingress[1].ipMode")]
    [InlineData("""[{"ip":"127.0.0.1"},{"ip":"198.51.100.7"}]""", "status.loadBalancer.ingress[0].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"::1","ipMode":"VIP"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"169.254.169.254"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"fe80::7"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"239.1.2.3"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"ff0e::1"}]""", "status.loadBalancer.ingress[1].ip")]
    [InlineData("""[{"ip":"198.51.100.7"},{"ip":"255.255.255.255"}]""", "status.loadBalancer.ingress[1].ip")]
    public void An_ingress_that_cannot_be_served_is_dropped_and_named(string ingress, string field)
    {
        Assert.Equal([Ip("198.51.100.7")], WithIngress(ingress).BalancerIPs);
        Assert.Equal(field, Assert.Single(wire.Warnings).Field);
    }

    [Contract("1", "addresses and ranges that are none: that entry is left out with a warning")]
    [Contract("7", "of the family; none left, open: also when what is left is unreadable")]
    [Fact]
    public void A_source_range_that_is_none_is_dropped_and_named()
    {
        Assert.Equal(
            ["10.0.0.0/8"], WithSpec("""{"loadBalancerSourceRanges":["10.0.0.0/8","192.0.2.1"]}""").SourceRanges.Select(r => r.ToString()));
        Assert.Equal("spec.loadBalancerSourceRanges[1]", Assert.Single(wire.Warnings).Field);
    }

    [Contract(
        "18",
        "serving, terminating, hints.forZones, hints.forNodes, internalTrafficPolicy, ipMode: absent: serving, not terminating, no "
        + "hints, Cluster, VIP")]
    [Theory]
    [InlineData("{}", TrafficPolicy.Cluster, TrafficPolicy.Cluster)]
    [InlineData("""{"internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Local"}""", TrafficPolicy.Cluster, TrafficPolicy.Local)]
    [InlineData("""{"internalTrafficPolicy":"Local","externalTrafficPolicy":"Cluster"}""", TrafficPolicy.Local, TrafficPolicy.Cluster)]
    public void An_unset_traffic_policy_is_Cluster(string spec, TrafficPolicy inside, TrafficPolicy outside)
    {
        var service = WithSpec(spec);

        Assert.Equal((inside, outside), (service.InternalTraffic, service.ExternalTraffic));
        Assert.Empty(wire.Warnings);
    }

    [Theory]
    [InlineData("""{"internalTrafficPolicy":"local"}""", "spec.internalTrafficPolicy")]
    [InlineData("""{"externalTrafficPolicy":"Node"}""", "spec.externalTrafficPolicy")]
    [InlineData("""{"healthCheckNodePort":65536}""", "spec.healthCheckNodePort")]
    [InlineData("""{"ports":[{"port":80,"nodePort":-1}]}""", "spec.ports[0].nodePort")]
    public void A_value_that_is_not_allowed_counts_as_unset_and_is_named(string spec, string field)
    {
        var service = WithSpec(spec);

        Assert.Equal((TrafficPolicy.Cluster, TrafficPolicy.Cluster, 0),
            (service.InternalTraffic, service.ExternalTraffic, service.HealthCheckNodePort));
        Assert.All(service.Ports, p => Assert.Equal(0, p.NodePort));
        Assert.Equal(field, Assert.Single(wire.Warnings).Field);
    }
}
