using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests;

/// <summary>docs/contract.md 7: before everything else, for pods and the node too, and at VIPs only.</summary>
public sealed class SourceRangeTests
{
    private const string Vip = "198.51.100.1:80";
    private readonly ExplainLab lab = new();

    [Contract("4", "LoadBalancer address: externalTrafficPolicy, ranges; also an address that is an external IP too")]
    [Theory]
    [InlineData(ExplainLab.Outside, "drop")]
    [InlineData(ExplainLab.PodHere, "drop")]
    [InlineData(ExplainLab.PodThere, "drop")]
    [InlineData(ExplainLab.Node, "drop")]
    [InlineData("203.0.113.130", "10.244.1.5 10.244.2.5*")]
    public void Who_is_in_no_range_is_dropped_at_the_vip(string from, string expected)
    {
        Web("203.0.113.128/25");

        Assert.Equal(expected, lab.Answer(from, Vip));
    }

    [Contract("4", "ClusterIP: internalTrafficPolicy, no ranges")]
    [Contract("4", "external IP: of any type of Service, whoever has the address; externalTrafficPolicy, no ranges")]
    [Contract("7", "only LB addresses: ClusterIP, external IP and NodePort stay open")]
    [Theory]
    [InlineData("10.96.0.1:80")]
    [InlineData("203.0.113.1:80")]
    [InlineData($"{ExplainLab.Node}:30080")]
    public void Every_other_frontend_stays_open(string to)
    {
        Web("203.0.113.128/25");

        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.Outside, to));
    }

    [Contract("5.2", "note 5: source ranges come first")]
    [Fact]
    public void Ranges_are_asked_before_the_short_circuit_of_pods_and_the_node()
    {
        lab.Web([ExplainLab.There], outside: TrafficPolicy.Local, ranges: ["203.0.113.128/25"]);

        Assert.Equal("drop", lab.Answer(ExplainLab.PodHere, Vip));
        Assert.Equal("drop", lab.Answer(ExplainLab.Node, Vip));
    }

    [Contract("7", "blocked: silence; first of all, also without endpoints (as nftables)")]
    [Fact]
    public void Without_endpoints_a_blocked_source_is_dropped_and_an_allowed_one_refused()
    {
        lab.Web([], ranges: ["203.0.113.128/25"]);

        Assert.Equal("drop", lab.Answer(ExplainLab.Outside, Vip));
        Assert.Equal("reject", lab.Answer("203.0.113.130", Vip));
    }

    [Fact]
    public void Ranges_of_the_other_family_only_leave_this_one_open()
    {
        Web("2001:db8::/32");

        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.Outside, Vip));
    }

    [Fact]
    public void The_vip_as_an_address_of_the_node_may_be_a_source_when_the_node_is_allowed()
    {
        Web("192.0.2.0/24");
        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer("198.51.100.1", Vip));

        Web("203.0.113.128/25");
        Assert.Equal("drop", lab.Answer("198.51.100.1", Vip));
    }

    private void Web(params string[] ranges) => lab.Web([ExplainLab.Here, ExplainLab.There], ranges: ranges);
}
