using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

public sealed class EndpointUnionTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], ["http:80"]);

    [Contract("3", "order: no meaning")]
    [Fact]
    public void Several_slices_are_one_list_in_order_of_addresses()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.9", "10.1.0.2"])
            .Slice("web-2", "web", ["http:8080"], ["10.1.0.5"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080 10.1.0.5:8080 10.1.0.9:8080"], cluster.Build().Compile().Lines());
    }

    [Contract("3", "several slices: union; the first copy wins, but one that does not terminate replaces one that does")]
    [Contract("3", "endpoints that change slices: a result of the union")]
    [Fact]
    public void An_endpoint_in_two_slices_counts_once()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2"])
            .Slice("web-2", "web", ["http:8080"], ["10.1.0.1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080"], cluster.Build().Compile().Lines());
    }

    [Contract("3", "several slices: union; the first copy wins, but one that does not terminate replaces one that does")]
    [Fact]
    public void Of_two_copies_the_first_decides_whether_it_is_ready()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 unready", "10.1.0.2"])
            .Slice("web-2", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2 unready"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080"], cluster.Build().Compile().Lines());
    }

    [Contract("3", "several slices: union; the first copy wins, but one that does not terminate replaces one that does")]
    [Fact]
    public void A_copy_that_does_not_terminate_replaces_one_that_does()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1 terminating", "10.1.0.2 ready+terminating"])
            .Slice("web-2", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2 unready"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], cluster.Build().Compile().Lines());
    }

    [Contract("12", "only the address counts: the port too here: a backend with another number is another one")]
    [Fact]
    public void The_same_address_with_another_port_is_another_endpoint()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1"]).Slice("web-2", "web", ["http:9090"], ["10.1.0.1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.1:9090"], cluster.Build().Compile().Lines());
    }

    [Contract("1", "never used: loadBalancerIP, targetPort, publishNotReadyAddresses, host names, the selector, annotations")]
    [Contract("3", "ports: by name and protocol; the number is the slice's, and may differ between slices")]
    [Fact]
    public void A_named_port_that_differs_per_pod_arrives_as_two_slices_and_is_the_union()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1"]).Slice("web-2", "web", ["http:8081"], ["10.1.0.2"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8081"], cluster.Build().Compile().Lines());
    }

    [Contract("3", "ports: by name and protocol; the number is the slice's, and may differ between slices")]
    [Fact]
    public void Ports_are_matched_by_name_and_protocol()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80", "dns:53/UDP", "dns-tcp:53"])
            .Slice("web-1", "web", ["dns:5353", "dns:5300/UDP", "http:8080", "other:1"], ["10.1.0.1"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080",
                "10.96.0.1:53/UDP -> 10.1.0.1:5300",
                "10.96.0.1:53/TCP -> refuse",
            ],
            cluster.Build().Compile().Lines());
    }

    [Contract("3", "ports: by name and protocol; the number is the slice's, and may differ between slices")]
    [Fact]
    public void An_unnamed_port_matches_only_an_unnamed_one()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"])
            .Slice("web-1", "web", ["http:8080"], ["10.1.0.1"])
            .Slice("web-2", "web", [":8081"], ["10.1.0.2"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8081"], cluster.Build().Compile().Lines());
    }

    [Contract("3", "port null or 0: ignored")]
    [Fact]
    public void A_slice_port_without_a_number_is_ignored()
    {
        cluster.Slice("web-1", "web", ["http:0"], ["10.1.0.1"]);

        Assert.Equal(["10.96.0.1:80/TCP -> refuse"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void An_address_of_the_other_family_in_a_slice_is_ignored()
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "fd01::1"], IpFamily.IPv4);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], cluster.Build().Compile().Lines());
    }

    [Contract("1", "EndpointSlice: selected without both labels, and left out by both")]
    [Theory]
    [InlineData(ServiceLabels.Headless)]
    [InlineData(ServiceLabels.ProxyName)]
    public void A_labelled_slice_is_ignored(ServiceLabels label)
    {
        cluster.Slice("web-1", "web", ["http:8080"], ["10.1.0.1"], labels: label)
            .Slice("web-2", "web", ["http:8080"], ["10.1.0.2"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080"], cluster.Build().Compile().Lines());
    }

    [Fact]
    public void Only_ready_endpoints_are_used_and_a_ready_one_may_terminate()
    {
        cluster.Slice("web-1", "web", ["http:8080"],
            ["10.1.0.1 unready", "10.1.0.2 terminating", "10.1.0.3 ready+terminating", "10.1.0.4"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.3:8080 10.1.0.4:8080"], cluster.Build().Compile().Lines());
    }
}
