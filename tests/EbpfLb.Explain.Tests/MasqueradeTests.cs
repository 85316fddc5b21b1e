using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests;

/// <summary>The notes of docs/contract.md 5.2 that are about the source address.</summary>
public sealed class MasqueradeTests
{
    private readonly ExplainLab lab = new();

    [Contract("5.3", "note 2: no detector: no SNAT to ClusterIPs, no short circuit for pods")]
    [Fact]
    public void Without_a_detector_nothing_to_a_cluster_ip_is_masqueraded()
    {
        Web();
        lab.Context = lab.Context with { Pods4 = [] };

        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.Outside, "10.96.0.1:80"));
        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.Node, "10.96.0.1:80", FlowPath.Packet));
    }

    [Fact]
    public void Without_a_detector_pods_are_outside_for_a_local_policy()
    {
        Web(TrafficPolicy.Local);
        lab.Context = lab.Context with { Pods4 = [] };

        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.PodHere, $"{ExplainLab.Node}:30080"));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.PodThere, $"{ExplainLab.Node}:30080"));
        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.Node, $"{ExplainLab.Node}:30080", FlowPath.Packet));
    }

    [Contract("5.3", "ClusterCIDR: the ranges of each family (kube-proxy: one); none, no detector")]
    [Fact]
    public void A_detector_of_the_other_family_is_none()
    {
        Web();
        lab.Context = lab.Context with { Pods4 = [], Pods6 = [SourceRange.Parse("fd00:10:244::/48")] };

        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.Outside, "10.96.0.1:80"));
    }

    [Contract("5.2", "note 3: masqueradeAll is for ClusterIPs")]
    [Fact]
    public void Masquerade_all_is_for_cluster_ips_only()
    {
        Web(TrafficPolicy.Local);
        lab.Context = lab.Context with { MasqueradeAll = true };

        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.PodThere, "10.96.0.1:80"));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, "203.0.113.1:80"));
        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.PodThere, "203.0.113.1:80"));
    }

    [Fact]
    public void A_backend_of_this_node_on_the_wire_is_masqueraded_as_one_elsewhere_is()
    {
        Web();
        lab.Network = new NodeNetwork([IpAddress.Parse(ExplainLab.Node)], [SourceRange.Parse("10.244.1.0/24")]);

        Assert.Equal("10.244.1.5* 10.244.2.5*", lab.Answer(ExplainLab.Outside, $"{ExplainLab.Node}:30080"));
        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.PodThere, "10.96.0.1:80"));
    }

    [Fact]
    public void Masquerade_all_needs_no_detector()
    {
        Web();
        lab.Context = lab.Context with { MasqueradeAll = true, Pods4 = [] };

        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.Outside, "10.96.0.1:80"));
    }

    [Theory]
    [InlineData("10.96.0.1:80", TrafficPolicy.Cluster)]
    [InlineData("203.0.113.1:80", TrafficPolicy.Local)]
    public void A_hairpin_is_always_masqueraded_packet_by_packet(string to, TrafficPolicy policy)
    {
        Web(policy);

        Assert.Equal("10.244.1.5* 10.244.2.5", lab.Answer("10.244.1.5", to, FlowPath.Packet));
        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer("10.244.2.5", to, FlowPath.Packet));
        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer("10.244.1.5", to));
    }

    [Fact]
    public void A_hairpin_needs_no_detector()
    {
        Web();
        lab.Context = lab.Context with { Pods4 = [] };

        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer("10.244.2.5", "10.96.0.1:80", FlowPath.Packet));
    }

    [Fact]
    public void Always_snat_masquerades_to_backends_of_this_node_where_kube_proxy_does()
    {
        Web(TrafficPolicy.Local);
        lab.Context = lab.Context with { AlwaysSnat = true };

        Assert.Equal("10.244.1.5* 10.244.2.5*", lab.Answer(ExplainLab.Outside, "10.96.0.1:80"));
        Assert.Equal("10.244.1.5* 10.244.2.5*", lab.Answer(ExplainLab.Node, "203.0.113.1:80", FlowPath.Packet));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, "203.0.113.1:80"));
        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.PodThere, "10.96.0.1:80"));
    }

    private void Web(TrafficPolicy outside = TrafficPolicy.Cluster) => lab.Web([ExplainLab.Here, ExplainLab.There], outside: outside);
}
