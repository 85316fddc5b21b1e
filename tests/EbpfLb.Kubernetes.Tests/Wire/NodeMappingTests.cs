using EbpfLb.Model;
using static EbpfLb.Kubernetes.Tests.Wire.WireFixture;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class NodeMappingTests
{
    private readonly WireFixture wire = new();

    [Fact]
    public void A_node_maps_with_internal_addresses_first()
    {
        var node = wire.Node("""
            {"metadata":{"name":"node-1","deletionTimestamp":"2026-11-21T00:00:00Z","labels":{"topology.kubernetes.io/zone":"a"}},
             "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"],"taints":[{"key":"x","effect":"NoSchedule"}]},
             "status":{"addresses":[{"type":"ExternalIP","address":"203.0.113.1"},{"type":"InternalIP","address":"192.0.2.1"},
               {"type":"InternalIP","address":"2001:db8::1"},{"type":"Hostname","address":"node-1"}]}}
            """);

        Assert.Equal(
            new Node("node-1", [Ip("192.0.2.1"), Ip("2001:db8::1"), Ip("203.0.113.1")], ["10.244.1.0/24", "fd00:1::/64"], "a", true, ["x"]),
            node);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\"kubernetes.io/os\":\"linux\"", true)]
    [InlineData("\"kubernetes.io/os\":\"windows\"", false)]
    [InlineData("\"type\":\"virtual-kubelet\"", false)]
    [InlineData("\"type\":\"gpu\"", true)]
    [InlineData("\"eks.amazonaws.com/compute-type\":\"fargate\"", false)]
    [InlineData("\"eks.amazonaws.com/compute-type\":\"auto\"", false)]
    [InlineData("\"eks.amazonaws.com/compute-type\":\"ec2\"", true)]
    [InlineData("\"ebpflb.io/tunnel\":\"none\"", false)]
    public void Who_runs_no_agent_opens_no_tunnels(string labels, bool opens)
    {
        Assert.Equal(opens, wire.Node("{\"metadata\":{\"name\":\"n\",\"labels\":{" + labels + "}}}").OpensTunnels);
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void A_label_of_ours_that_says_something_else_is_named_and_counts_for_nothing()
    {
        Assert.True(wire.Node("""{"metadata":{"name":"n","labels":{"ebpflb.io/tunnel":"no"}}}""").OpensTunnels);
        Assert.Equal("metadata.labels[ebpflb.io/tunnel]", Assert.Single(wire.Warnings).Field);
    }

    [Fact]
    public void A_bare_node_maps()
        => Assert.Equal(new Node("n", [], [], null, false, []), wire.Node("""{"metadata":{"name":"n"}}"""));

    [Fact]
    public void An_address_that_is_none_is_dropped_and_named()
    {
        Assert.Empty(wire.Node("""{"metadata":{"name":"n"},"status":{"addresses":[{"type":"InternalIP","address":"x"}]}}""").Addresses);
        Assert.Equal("status.addresses[0].address", Assert.Single(wire.Warnings).Field);
    }
}
