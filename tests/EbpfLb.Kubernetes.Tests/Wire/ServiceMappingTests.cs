using EbpfLb.Model;
using EbpfLb.Testing;
using static EbpfLb.Kubernetes.Tests.Wire.WireFixture;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class ServiceMappingTests
{
    private readonly WireFixture wire = new();

    private Service WithSpec(string spec) => wire.Service($$$"""{"metadata":{"name":"web","namespace":"shop"},"spec":{{{spec}}} }""");

    [Contract("1", "fields used: all of them, and null is as left out")]
    [Fact]
    public void A_dual_stack_service_maps_with_all_its_fields()
    {
        var service = wire.Service("""
            {"metadata":{"name":"web","namespace":"shop","labels":{"app":"x","service.kubernetes.io/headless":""}},
             "spec":{"type":"NodePort","clusterIP":"10.96.0.7","clusterIPs":["10.96.0.7","fd00::7"],"ipFamilies":["IPv4","IPv6"],
              "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"web","nodePort":30080},{"name":"dns","protocol":"UDP","port":53,"targetPort":5353}],
              "sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":90}}}}
            """);

        Assert.Equal(
            new Service(
                new("shop", "web"),
                ServiceType.NodePort,
                [Ip("10.96.0.7"), Ip("fd00::7")],
                [new("http", TransportProtocol.Tcp, 80, 30080), new("dns", TransportProtocol.Udp, 53, 0)],
                90,
                ServiceLabels.Headless),
            service);
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void Leading_zeros_of_a_cluster_ip_are_decimal()
        => Assert.Equal([Ip("172.30.0.41")], WithSpec("""{"clusterIPs":["172.30.0.041"]}""").ClusterIPs);

    [Theory]
    [InlineData("""{"clusterIP":"None","clusterIPs":["None"]}""")]
    [InlineData("""{"clusterIP":""}""")]
    [InlineData("""{"type":"ExternalName","externalName":"db.example.com"}""")]
    [InlineData("""{"clusterIP":null,"clusterIPs":null,"ports":null}""")]
    public void Services_without_an_address_have_no_cluster_ips_and_no_warning(string spec)
    {
        Assert.Empty(WithSpec(spec).ClusterIPs);
        Assert.Empty(wire.Warnings);
    }

    [Contract("1", "ClusterIP of a family: by its form, in either order; clusterIP where there are no clusterIPs; one of each")]
    [Fact]
    public void Servers_before_dual_stack_fill_only_clusterIP()
        => Assert.Equal([Ip("10.96.0.7")], WithSpec("""{"clusterIP":"10.96.0.7"}""").ClusterIPs);

    [Contract("1", "ClusterIP of a family: by its form, in either order; clusterIP where there are no clusterIPs; one of each")]
    [Theory]
    [InlineData("""{"clusterIP":"fd00::7","clusterIPs":["fd00::7","10.96.0.7"],"ipFamilies":["IPv6","IPv4"]}""")]
    [InlineData("""{"clusterIP":"fd00::7","clusterIPs":["fd00::7","10.96.0.7"]}""")]
    public void The_families_may_come_in_either_order(string spec)
    {
        Assert.Equal([Ip("fd00::7"), Ip("10.96.0.7")], WithSpec(spec).ClusterIPs);
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void A_cluster_ip_that_is_no_address_is_dropped_and_named()
    {
        Assert.Equal([Ip("fd00::7")], WithSpec("""{"clusterIPs":["10.96.0.300","fd00::7"]}""").ClusterIPs);

        var warning = Assert.Single(wire.Warnings);
        Assert.Equal(("Service", "shop/web", "spec.clusterIPs[0]", "10.96.0.300"),
            (warning.Kind, warning.Object.ToString(), warning.Field, warning.Value));
    }

    [Contract("1", "ClusterIP of a family: by its form, in either order; clusterIP where there are no clusterIPs; one of each")]
    [Fact]
    public void A_second_address_of_one_family_is_dropped_and_named()
    {
        Assert.Equal([Ip("10.96.0.7")], WithSpec("""{"clusterIPs":["10.96.0.7","10.96.0.8"]}""").ClusterIPs);
        Assert.Equal("spec.clusterIPs[1]", Assert.Single(wire.Warnings).Field);
    }

    [Contract("11", "types, time-out: None, ClientIP; 10800 s unless given")]
    [Theory]
    [InlineData("""{"sessionAffinity":"None"}""", 0)]
    [InlineData("{}", 0)]
    [InlineData("""{"sessionAffinity":"ClientIP"}""", 10800)]
    [InlineData("""{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{}}}""", 10800)]
    [InlineData("""{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":1}}}""", 1)]
    public void Affinity_has_the_default_timeout_of_the_API(string spec, uint expected)
        => Assert.Equal(expected, WithSpec(spec).AffinitySeconds);

    [Contract("11", "types, time-out: None, ClientIP; 10800 s unless given")]
    [Theory]
    [InlineData("0", 10800, true)]
    [InlineData("-1", 10800, true)]
    [InlineData("86400", 86400, false)]
    [InlineData("100000", 100000, false)]
    public void A_time_out_that_no_API_server_takes_is_used_as_far_as_it_is_a_time(string seconds, uint expected, bool warned)
    {
        Assert.Equal(expected,
            WithSpec(
                $$"""{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":{{seconds}} } } }""")
                    .AffinitySeconds);
        Assert.Equal(warned, wire.Warnings.Count > 0);
    }

    [Theory]
    [InlineData("""{"ports":[{"port":0},{"port":80}]}""", "spec.ports[0].port")]
    [InlineData("""{"ports":[{"port":70000},{"port":80}]}""", "spec.ports[0].port")]
    [InlineData("""{"ports":[{"port":8,"protocol":"ICMP"},{"port":80}]}""", "spec.ports[0].protocol")]
    public void A_port_that_cannot_be_served_is_dropped_and_named(string spec, string field)
    {
        Assert.Equal([new("", TransportProtocol.Tcp, 80, 0)], WithSpec(spec).Ports);
        Assert.Equal(field, Assert.Single(wire.Warnings).Field);
    }

    [Contract("1", "label service-proxy-name: ignored, whatever its value")]
    [Fact]
    public void The_proxy_name_label_counts_whatever_its_value()
        => Assert.Equal(
            ServiceLabels.ProxyName,
            wire.Service("""{"metadata":{"name":"a","namespace":"b","labels":{"service.kubernetes.io/service-proxy-name":""}}}""").Labels);
}
