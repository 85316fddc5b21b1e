using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests;

/// <summary>Who a source is (docs/contract.md 5.3) and which way it goes.</summary>
public sealed class SourceRulesTests
{
    private readonly ExplainLab lab = new ExplainLab().Web([ExplainLab.Here, ExplainLab.There]);

    [Contract("5.3", "ClusterCIDR: the ranges of each family (kube-proxy: one); none, no detector")]
    [Theory]
    [InlineData(ExplainLab.PodHere, SourceClass.Pod, FlowPath.Socket)]
    [InlineData(ExplainLab.PodThere, SourceClass.Pod, FlowPath.Packet)]
    [InlineData("10.244.9.9", SourceClass.Pod, FlowPath.Packet)]
    [InlineData(ExplainLab.Node, SourceClass.Node, FlowPath.Socket)]
    [InlineData("127.0.0.1", SourceClass.Node, FlowPath.Socket)]
    [InlineData(ExplainLab.OtherNode, SourceClass.Outside, FlowPath.Packet)]
    [InlineData(ExplainLab.Outside, SourceClass.Outside, FlowPath.Packet)]
    public void The_cluster_cidr_tells_pods_of_all_nodes(string from, SourceClass expected, FlowPath path)
        => Says(from, null, expected, path);

    [Contract("5.3", "NodeCIDR: podCIDRs of the own Node, waited for; a change is followed without a restart")]
    [Fact]
    public void The_ranges_of_this_node_tell_its_own_pods_only()
    {
        lab.Context = lab.Context with { Pods4 = [SourceRange.Parse("10.244.1.0/24")] };

        Says(ExplainLab.PodHere, null, SourceClass.Pod, FlowPath.Socket);
        Says(ExplainLab.PodThere, null, SourceClass.Outside, FlowPath.Packet);
    }

    [Fact]
    public void Any_of_several_ranges_tells_pods()
    {
        lab.Context = lab.Context with
        {
            Pods4 = [SourceRange.Parse("10.9.0.0/16"), SourceRange.Parse("10.244.0.0/16"), SourceRange.Parse("100.64.0.0/10")],
        };

        Says(ExplainLab.PodHere, null, SourceClass.Pod, FlowPath.Socket);
        Says("100.64.7.7", null, SourceClass.Pod, FlowPath.Packet);
        Says(ExplainLab.Outside, null, SourceClass.Outside, FlowPath.Packet);
    }

    [Contract("5.3", "note 7: by address, but for detectors by device")]
    [Contract("5.3", "BridgeInterface, InterfaceNamePrefix: by the device")]
    [Theory]
    [InlineData("cni0", false, "cni0", SourceClass.Pod)]
    [InlineData("cni0", false, "cni01", SourceClass.Outside)]
    [InlineData("cali", true, "cali12ab", SourceClass.Pod)]
    [InlineData("cali", true, "eth0", SourceClass.Outside)]
    [InlineData("cali", true, null, SourceClass.Outside)]
    public void A_detector_by_device_goes_by_the_device_that_the_packet_comes_in_by(
        string name, bool isPrefix, string? device, SourceClass expected)
    {
        lab.Context = lab.Context with { Pods4 = [], Pods6 = [], PodDevices = new DeviceDetector(name, isPrefix) };

        Assert.Equal(expected, lab.Explain(ExplainLab.PodHere, "10.96.0.1:80", FlowPath.Packet, device).Source.Class);
    }

    [Fact]
    public void With_a_detector_by_device_what_is_not_the_nodes_own_socket_is_a_pods()
    {
        lab.Context = lab.Context with { Pods4 = [], Pods6 = [], PodDevices = new DeviceDetector("cali", IsPrefix: true) };

        Says(ExplainLab.PodHere, null, SourceClass.Pod, FlowPath.Socket);
        Says(ExplainLab.Node, null, SourceClass.Node, FlowPath.Socket);
        Says("10.1.2.3", "cali7", SourceClass.Pod, FlowPath.Socket);
        Says("10.1.2.3", "eth0", SourceClass.Outside, FlowPath.Packet);
    }

    [Fact]
    public void Without_a_detector_nobody_is_a_pod()
    {
        lab.Context = lab.Context with { Pods4 = [] };

        Says(ExplainLab.PodHere, null, SourceClass.Outside, FlowPath.Socket);
        Says(ExplainLab.Node, null, SourceClass.Node, FlowPath.Socket);
    }

    [Contract("5.2", "note 1: pod, then local source, then Local list")]
    [Fact]
    public void A_pod_is_a_pod_before_its_address_is_looked_for_on_the_node()
    {
        lab.Context
            = lab.Context with { Addresses = [.. lab.Context.Addresses, new LocalAddress(IpAddress.Parse("10.244.1.1"), NodePorts: true)] };

        Says("10.244.1.1", FlowPath.Packet, SourceClass.Pod);
        Says("10.244.1.1", FlowPath.Socket, SourceClass.Node);
    }

    [Contract("5.2", "note 9: all addresses of the node are local sources, a VIP on it too")]
    [Fact]
    public void A_VIP_that_the_node_has_is_an_address_of_the_node()
    {
        Says("198.51.100.1", FlowPath.Packet, SourceClass.Outside);

        lab.Context = lab.Context with
        {
            Addresses = [.. lab.Context.Addresses, new LocalAddress(IpAddress.Parse("198.51.100.1"), NodePorts: false)],
        };

        Says("198.51.100.1", FlowPath.Packet, SourceClass.Node);
    }

    [Fact]
    public void Where_no_ranges_of_nodes_are_known_endpoints_and_the_detector_tell_the_pods_of_this_node()
    {
        lab.Context = lab.Context with { PodRanges = [] };

        Says("10.244.1.5", null, SourceClass.Pod, FlowPath.Socket);
        Says("10.244.2.5", null, SourceClass.Pod, FlowPath.Packet);
        Says("10.244.7.7", null, SourceClass.Pod, FlowPath.Socket);
        Says(ExplainLab.Outside, null, SourceClass.Outside, FlowPath.Packet);
    }

    [Fact]
    public void A_range_of_another_node_keeps_its_pods_there()
    {
        lab.Context = lab.Context with { PodRanges = [new PodRange("node-2", SourceRange.Parse("10.244.2.0/24"))] };

        Says(ExplainLab.PodThere, null, SourceClass.Pod, FlowPath.Packet);
    }

    [Fact]
    public void An_endpoint_of_this_node_is_a_pod_of_it_whatever_its_address()
    {
        lab.Cluster.Slice("other-1", "other", ["http:80"], ["10.180.0.1 node=node-1"]);

        Says("10.180.0.1", null, SourceClass.Outside, FlowPath.Socket);
    }

    [Theory]
    [InlineData("198.51.100.1:80", TrafficPolicy.Local, true)]
    [InlineData("198.51.100.1:80", TrafficPolicy.Cluster, false)]
    [InlineData("10.96.0.1:80", TrafficPolicy.Local, false)]
    public void Where_the_socket_hooks_take_for_a_pod_what_the_detector_does_not_know_a_person_is_told(
        string to, TrafficPolicy outside, bool expected)
    {
        var own = new ExplainLab().Web([ExplainLab.There], outside: outside);
        own.Cluster.Slice("other-1", "other", ["http:80"], ["10.180.0.1 node=node-1"]);

        Assert.Equal(expected, ProblemsOf(own, "10.180.0.1", to).Exists(p => p.Contains("counts as a pod", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(ExplainLab.Node, "the node's own SCTP is left alone")]
    [InlineData(ExplainLab.PodHere, "--pod-device")]
    [InlineData(ExplainLab.Outside, null)]
    public void Of_sctp_a_person_is_told_what_is_not_translated(string from, string? expected)
    {
        lab.Cluster.Service("sctp", ["10.96.0.9"], [":80/SCTP"]).Slice("sctp-1", "sctp", [":80/SCTP"], [ExplainLab.Here]);

        var problems = ProblemsOf(lab, from, "10.96.0.9:80/SCTP");

        if (expected is null) Assert.Empty(problems);
        else Assert.Contains(expected, Assert.Single(problems));
    }

    [Fact]
    public void Sctp_has_no_sockets_hooks()
    {
        lab.Cluster.Service("sctp", ["10.96.0.9"], [":80/SCTP"]).Slice("sctp-1", "sctp", [":80/SCTP"], [ExplainLab.Here]);

        var explanation = lab.Explain(ExplainLab.PodHere, "10.96.0.9:80/SCTP");

        Assert.Equal((FlowPath.Packet, FlowVerdict.Dnat), (explanation.Source.Path, explanation.Verdict));
    }

    [Fact]
    public void Host_sockets_only_leaves_pods_to_their_packets()
    {
        lab.Context = lab.Context with { HostSocketsOnly = true };

        Says(ExplainLab.PodHere, null, SourceClass.Pod, FlowPath.Packet);
        Says(ExplainLab.Node, null, SourceClass.Node, FlowPath.Socket);
    }

    [Fact]
    public void A_flow_has_addresses_of_one_family()
        => Assert.Contains("one family", Assert.Throws<ArgumentException>(() => lab.Explain("fd00::1", "10.96.0.1:80")).Message);

    private static List<string> ProblemsOf(ExplainLab lab, string from, string to)
    {
        var explainer = lab.Explainer();
        return [.. explainer.Problems(explainer.Explain(ExplainLab.Flow(from, to)))];
    }

    private void Says(string from, string? device, SourceClass expected, FlowPath path)
    {
        var source = lab.Explain(from, "10.96.0.1:80", device: device).Source;
        Assert.Equal((expected, path), (source.Class, source.Path));
    }

    private void Says(string from, FlowPath path, SourceClass expected)
        => Assert.Equal(expected, lab.Explain(from, "10.96.0.1:80", path).Source.Class);
}
