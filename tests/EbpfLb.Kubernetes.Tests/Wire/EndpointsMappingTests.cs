using EbpfLb.Model;
using static EbpfLb.Kubernetes.Tests.Wire.WireFixture;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class EndpointsMappingTests
{
    private readonly WireFixture wire = new();

    [Fact]
    public void Each_subset_and_family_becomes_a_slice()
    {
        var slices = wire.Endpoints("""
            {"metadata":{"name":"db","namespace":"shop"},"subsets":[
              {"addresses":[{"ip":"10.1.0.1","nodeName":"node-1"},{"ip":"fd00::1"}],"notReadyAddresses":[{"ip":"10.1.0.2"}],"ports":[{"name":"sql","port":5432}]},
              {"addresses":[{"ip":"10.1.0.3"}],"ports":[{"name":"sql","port":5433}]}]}
            """);

        ValueList<EndpointPort> first = [new("sql", TransportProtocol.Tcp, 5432)];
        Assert.Equal(
            [
                new(new("shop", "db:0:IPv4"), "db", IpFamily.IPv4, first,
                    [new(Ip("10.1.0.1"), EndpointConditions.Default, "node-1"), new(Ip("10.1.0.2"), EndpointConditions.Serving)]),
                new(new("shop", "db:0:IPv6"), "db", IpFamily.IPv6, first, [new(Ip("fd00::1"), EndpointConditions.Default)]),
                new(new("shop", "db:1:IPv4"), "db", IpFamily.IPv4, [new("sql", TransportProtocol.Tcp, 5433)],
                    [new(Ip("10.1.0.3"), EndpointConditions.Default)]),
            ],
            slices);
    }

    [Fact]
    public void An_address_that_is_none_is_dropped_and_named()
    {
        Assert.Empty(
            wire.Endpoints("""{"metadata":{"name":"db","namespace":"shop"},"subsets":[{"addresses":[{"ip":"db.example.com"}]}]}"""));
        Assert.Equal("subsets[0].addresses[0].ip", Assert.Single(wire.Warnings).Field);
    }

    [Fact]
    public void A_lock_of_leader_election_is_not_mirrored()
        => Assert.Empty(wire.Endpoints("""
            {"metadata":{"name":"db","namespace":"shop","annotations":{"control-plane.alpha.kubernetes.io/leader":"{}"}},
             "subsets":[{"addresses":[{"ip":"10.1.0.1"}]}]}
            """));

    [Fact]
    public void The_skip_mirror_label_is_respected()
        => Assert.Empty(wire.Endpoints("""
            {"metadata":{"name":"db","namespace":"shop","labels":{"endpointslice.kubernetes.io/skip-mirror":"true"}},
             "subsets":[{"addresses":[{"ip":"10.1.0.1"}]}]}
            """));
}
