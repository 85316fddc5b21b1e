using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests.Contract;

/// <summary>
/// docs/contract.md 19, the items that are decided by the compiled table; docs/conformance.md says where the others are. A star means
/// that the backend sees an address of the node in the client's place.
/// </summary>
public sealed class Section19Tests
{
    private const string ClusterIP = "10.96.0.1:80";
    private const string NodePort = ExplainLab.Node + ":30080";
    private const string ExternalIP = "203.0.113.1:80";
    private const string Vip = "198.51.100.1:80";

    private readonly ExplainLab lab = new();

    [Contract(
        "19.1",
        "a pod that asks an external address with policy Local has all endpoints and keeps its address; the node too, masqueraded")]
    [Theory]
    [InlineData(NodePort)]
    [InlineData(ExternalIP)]
    [InlineData(Vip)]
    public void Item_1_a_pod_asking_an_external_address_with_policy_Local_has_all_endpoints_and_keeps_its_address_the_node_is_masqueraded(
        string to)
    {
        lab.Web([ExplainLab.Here, ExplainLab.There], outside: TrafficPolicy.Local);

        Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(ExplainLab.PodHere, to, FlowPath.Packet));
        Assert.Equal("10.244.1.5 10.244.2.5*", lab.Answer(ExplainLab.Node, to, FlowPath.Packet));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, to, FlowPath.Packet));
    }

    [Contract("19.2", "empty Local list: dropped with endpoints elsewhere, refused with none")]
    [Fact]
    public void Item_2_an_empty_Local_list_drops_when_there_are_endpoints_elsewhere_and_rejects_when_there_are_none()
    {
        lab.Web([ExplainLab.There], inside: TrafficPolicy.Local, outside: TrafficPolicy.Local);
        Assert.Equal("drop", lab.Answer(ExplainLab.PodHere, ClusterIP, FlowPath.Packet));
        Assert.Equal("drop", lab.Answer(ExplainLab.Outside, NodePort, FlowPath.Packet));

        lab.Web([], inside: TrafficPolicy.Local, outside: TrafficPolicy.Local);
        Assert.Equal("reject", lab.Answer(ExplainLab.PodHere, ClusterIP, FlowPath.Packet));
        Assert.Equal("reject", lab.Answer(ExplainLab.Outside, NodePort, FlowPath.Packet));
    }

    [Contract("19.3", "source ranges filter pods and the node, and leave NodePorts open; first of all, also without endpoints")]
    [Fact]
    public void Item_3_source_ranges_filter_pods_and_the_node_and_leave_NodePorts_open()
    {
        lab.Web([ExplainLab.Here], ranges: ["203.0.113.0/24"]);

        foreach (var blocked in new[] { ExplainLab.PodHere, ExplainLab.Node, "8.8.8.8" })
        {
            Assert.Equal("drop", lab.Answer(blocked, Vip, FlowPath.Packet));
            Assert.Equal("10.244.1.5", lab.Answer(blocked, NodePort, FlowPath.Packet));
            Assert.Equal("10.244.1.5", lab.Answer(blocked, ExternalIP, FlowPath.Packet));
        }
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, Vip, FlowPath.Packet));
    }

    [Contract("19.3", "source ranges filter pods and the node, and leave NodePorts open; first of all, also without endpoints")]
    [Fact]
    public void Item_3_blocked_sources_are_dropped_also_when_there_is_no_endpoint()
    {
        lab.Web([], ranges: ["203.0.113.0/24"]);

        Assert.Equal("drop", lab.Answer("8.8.8.8", Vip, FlowPath.Packet));
        Assert.Equal("reject", lab.Answer(ExplainLab.Outside, Vip, FlowPath.Packet));
    }

    [Contract("19.4", "a VIP may be its own source when the node's address is in a range")]
    [Theory]
    [InlineData("192.0.2.0/24", "10.244.1.5")]
    [InlineData("203.0.113.0/24", "drop")]
    public void Item_4_a_VIP_may_be_its_own_source_when_the_nodes_address_is_in_a_range(string range, string expected)
        => Assert.Equal(expected, lab.Web([ExplainLab.Here], ranges: [range]).Answer("198.51.100.1", Vip, FlowPath.Packet));

    [Contract("19.6", "an endpoint without nodeName is never local")]
    [Fact]
    public void Item_6_an_endpoint_without_a_nodeName_is_never_local()
        => Assert.Equal("drop",
            lab.Web([ExplainLab.Node, "10.244.1.5"], outside: TrafficPolicy.Local).Answer(ExplainLab.Outside, NodePort, FlowPath.Packet));

    [Contract("19.7", "every ready endpoint must have a hint")]
    [Theory]
    [InlineData("10.244.2.5 zones=b", "10.244.1.5")]
    [InlineData("10.244.2.5", "10.244.1.5 10.244.2.5")]
    [InlineData("10.244.2.5 unready", "10.244.1.5")]
    public void Item_7_hints_hold_only_when_every_ready_endpoint_has_one(string other, string expected)
        => Assert.Equal(expected, lab.Web(["10.244.1.5 zones=a", other]).Answer(ExplainLab.PodHere, ClusterIP, FlowPath.Packet));

    [Contract("19.8", "Local lists ignore hints")]
    [Fact]
    public void Item_8_Local_lists_ignore_hints()
        => Assert.Equal("10.244.1.5", lab
            .Web([$"{ExplainLab.Here} zones=b", $"{ExplainLab.There} zones=a"], outside: TrafficPolicy.Local)
            .Answer(ExplainLab.Outside, NodePort, FlowPath.Packet));

    [Contract("19.9", "each list falls back to terminating endpoints by itself")]
    [Fact]
    public void Item_9_the_lists_fall_back_to_terminating_endpoints_independently()
    {
        lab.Web([$"{ExplainLab.Here} terminating", ExplainLab.There], outside: TrafficPolicy.Local);

        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.Outside, NodePort, FlowPath.Packet));
        Assert.Equal("10.244.2.5", lab.Answer(ExplainLab.PodHere, NodePort, FlowPath.Packet));
    }

    [Contract("19.10", "the health check port counts ready endpoints only")]
    [Fact]
    public void Item_10_the_health_check_port_counts_ready_endpoints_only()
    {
        lab.Cluster.Service(
            "web", ["10.96.0.1"], ["http:80@30080"], type: ServiceType.LoadBalancer, outside: TrafficPolicy.Local, healthCheckPort: 32000)
            .Slice("web-1", "web", ["http:8080"],
                ["10.244.1.1 terminating node=node-1", "10.244.1.2 serving node=node-1", "10.244.1.3 unready node=node-1"]);
        Assert.Equal(0, Health()!.LocalEndpoints);

        lab.Cluster.Slice("web-1", "web", ["http:8080"], ["10.244.1.1 terminating node=node-1", "10.244.1.2 node=node-1"]);
        Assert.Equal(1, Health()!.LocalEndpoints);
    }

    [Contract("19.12", "without a detector: nothing to a ClusterIP is masqueraded, pods have no short circuit")]
    [Fact]
    public void Item_12_without_a_detector_nothing_to_a_ClusterIP_is_masqueraded_and_pods_have_no_short_circuit()
    {
        lab.Context = lab.Context with { Pods4 = [] };
        lab.Web([ExplainLab.Here, ExplainLab.There], outside: TrafficPolicy.Local);

        foreach (var source in new[] { ExplainLab.PodHere, ExplainLab.Node, ExplainLab.Outside })
            Assert.Equal("10.244.1.5 10.244.2.5", lab.Answer(source, ClusterIP, FlowPath.Packet));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.PodHere, NodePort, FlowPath.Packet));
        Assert.Equal("10.244.1.5", lab.Answer(ExplainLab.PodHere, NodePort, FlowPath.Socket));
    }

    [Contract("19.20", "slices with the label headless are as none")]
    [Fact]
    public void Item_20_slices_with_the_label_headless_are_as_none()
    {
        lab.Cluster.Service("web", ["10.96.0.1"], ["http:80"])
            .Slice("web-1", "web", ["http:8080"], [ExplainLab.Here], labels: ServiceLabels.Headless);

        Assert.Equal("reject", lab.Answer(ExplainLab.PodHere, ClusterIP, FlowPath.Packet));
    }

    private HealthCheck? Health() => lab.Compile().Find(new ObjectName("default", "web"))!.HealthCheck;
}
