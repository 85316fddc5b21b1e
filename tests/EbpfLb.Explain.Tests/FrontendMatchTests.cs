using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests;

/// <summary>What answers on a destination: docs/contract.md 4, 4.1 and 8.</summary>
public sealed class FrontendMatchTests
{
    private const string Node = ExplainLab.Node;
    private readonly ExplainLab lab = new ExplainLab().Web([ExplainLab.Here]);

    [Theory]
    [InlineData("10.96.0.1:80", FrontendKind.ClusterIP)]
    [InlineData($"{Node}:30080", FrontendKind.NodePort)]
    [InlineData("203.0.113.1:80", FrontendKind.ExternalIP)]
    [InlineData("198.51.100.1:80", FrontendKind.LoadBalancer)]
    public void Every_kind_of_address_is_known(string to, FrontendKind kind)
    {
        var explanation = lab.Explain(ExplainLab.Outside, to);

        Assert.Equal((kind, "default/web:http"), (explanation.Frontend!.Value.Kind, explanation.ServiceText));
        Assert.Equal(to, $"{explanation.Frontend.Value.Frontend.Address}:{explanation.Frontend.Value.Frontend.Port}");
    }

    [Theory]
    [InlineData("10.96.0.1:81")]
    [InlineData("10.96.0.1:80/UDP")]
    [InlineData("10.96.0.1:30080")]
    public void An_unknown_port_of_a_cluster_ip_is_refused(string to)
    {
        var explanation = lab.Explain(ExplainLab.Outside, to);

        Assert.Equal((FlowVerdict.Reject, FrontendKind.ClusterIP, null),
            (explanation.Verdict, explanation.Frontend!.Value.Kind, explanation.ServiceText));
        Assert.Contains("default/web", explanation.Reason);
        Assert.Contains("80/TCP", Assert.Single(lab.Explainer().Problems(explanation)));
    }

    [Contract("4", "other ports and protocols: left alone")]
    [Theory]
    [InlineData("203.0.113.1:81")]
    [InlineData("198.51.100.1:80/UDP")]
    [InlineData("198.51.100.1:30080")]
    [InlineData($"{Node}:80")]
    [InlineData($"{Node}:30080/UDP")]
    [InlineData($"{Node}:30081")]
    [InlineData("10.96.0.2:80")]
    public void Other_ports_and_addresses_are_left_alone(string to)
    {
        var explanation = lab.Explain(ExplainLab.Outside, to);

        Assert.Equal((FlowVerdict.Pass, null, null), (explanation.Verdict, explanation.Frontend, explanation.ServiceText));
    }

    [Fact]
    public void The_node_port_of_another_node_is_none_of_ours()
    {
        var explanation = lab.Explain(ExplainLab.PodHere, $"{ExplainLab.OtherNode}:30080");

        Assert.Equal(FlowVerdict.Pass, explanation.Verdict);
        Assert.Contains("node-2", Assert.Single(lab.Explainer().Problems(explanation)));
    }

    [Fact]
    public void A_node_port_at_an_address_that_nobody_is_known_to_have_is_named()
    {
        var explanation = lab.Explain(ExplainLab.Outside, "192.0.2.99:30080");

        Assert.Equal(FlowVerdict.Pass, explanation.Verdict);
        Assert.Contains("no interface of node node-1 is known to have 192.0.2.99", Assert.Single(lab.Explainer().Problems(explanation)));
    }

    [Fact]
    public void A_node_port_answers_only_on_accepted_addresses()
    {
        lab.Context = lab.Context with
        {
            Addresses = [new LocalAddress(IpAddress.Parse(Node), NodePorts: false),
                new LocalAddress(IpAddress.Parse("192.0.2.111"), NodePorts: true)],
        };

        Assert.Equal("pass", lab.Answer(ExplainLab.Outside, $"{Node}:30080"));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, "192.0.2.111:30080"));
        Assert.Contains("--nodeport-addresses", Assert.Single(lab.Explainer().Problems(lab.Explain(ExplainLab.Outside, $"{Node}:30080"))));
    }

    [Contract("4", "NodePort: behind every exact address; externalTrafficPolicy, no ranges")]
    [Fact]
    public void An_exact_address_goes_before_a_node_port_on_it()
    {
        lab.Cluster.Service("exact", ["10.96.0.7"], ["http:30080"], externalIPs: [Node])
            .Slice("exact-1", "exact", ["http:8080"], ["10.244.2.8 node=node-2"]);

        Assert.Equal(FrontendKind.ExternalIP, lab.Explain(ExplainLab.Outside, $"{Node}:30080").Frontend!.Value.Kind);
        Assert.Equal("default/exact:http", lab.Explain(ExplainLab.Outside, $"{Node}:30080").ServiceText);
    }

    [Theory]
    [InlineData(Node, true, "10.244.1.5")]
    [InlineData("127.0.0.1", true, "10.244.1.5")]
    [InlineData(Node, false, "pass")]
    [InlineData(ExplainLab.PodHere, true, "pass")]
    [InlineData(ExplainLab.Outside, true, "drop")]
    public void Node_ports_on_loopback_are_for_the_node_itself(string from, bool isOpen, string expected)
    {
        lab.Context = lab.Context with { LoopbackNodePorts4 = isOpen };

        Assert.Equal(expected, lab.Answer(from, "127.0.0.1:30080"));
    }

    /// <summary>The caller's own loopback address; NodePorts are kept by it.</summary>
    [Theory]
    [InlineData(Node, true, "10.244.1.5")]
    [InlineData(Node, false, "pass")]
    [InlineData(ExplainLab.PodHere, true, "pass")]
    [InlineData(ExplainLab.Outside, true, "pass")]
    public void The_address_0_is_a_NodePort_for_the_node_itself_alone(string from, bool isOpen, string expected)
    {
        lab.Context = lab.Context with { LoopbackNodePorts4 = isOpen };

        Assert.Equal(expected, lab.Answer(from, "0.0.0.0:30080"));
    }

    [Fact]
    public void Node_ports_on_the_loopback_of_ipv6_have_a_switch_of_their_own()
    {
        lab.Cluster.Service("six", ["fd00:10:96::1"], ["http:80@30086"])
            .Slice("six-1", "six", ["http:8080"], ["fd00:10:244:1::5 node=node-1"]);

        Assert.Equal("pass", lab.Answer("::1", "[::1]:30086"));
        lab.Context = lab.Context with { LoopbackNodePorts6 = true };
        Assert.Equal("fd00:10:244:1::5", lab.Answer("::1", "[::1]:30086"));
    }

    [Contract("2", "Service of one family: no NodePort in the other")]
    [Fact]
    public void A_service_of_one_family_has_no_node_port_in_the_other()
        => Assert.Equal("pass", lab.Answer("2001:db8:9::9", "[2001:db8::11]:30080"));

    [Contract("2", "slices of one family only: the other is refused")]
    [Fact]
    public void A_family_without_slices_is_refused()
    {
        lab.Cluster.Service("dual", ["10.96.0.5", "fd00:10:96::5"], ["http:80"]).Slice("dual-1", "dual", ["http:8080"], [ExplainLab.Here]);

        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.PodHere, "10.96.0.5:80"));
        Assert.Equal("reject", lab.Answer("fd00:10:244:1::9", "[fd00:10:96::5]:80"));
    }

    [Theory]
    [InlineData(ServiceType.ExternalName, ServiceLabels.None, "ExternalName")]
    [InlineData(ServiceType.ClusterIP, ServiceLabels.ProxyName, "service-proxy-name")]
    [InlineData(ServiceType.ClusterIP, ServiceLabels.Headless, "headless")]
    public void A_service_that_is_not_served_is_named(ServiceType type, ServiceLabels labels, string why)
    {
        lab.Cluster.Service("not", ["10.96.0.6"], ["http:80"], type: type, labels: labels);

        var explanation = lab.Explain(ExplainLab.PodHere, "10.96.0.6:80");

        Assert.Equal(FlowVerdict.Pass, explanation.Verdict);
        Assert.Contains(why, Assert.Single(lab.Explainer().Problems(explanation)));
    }
}
