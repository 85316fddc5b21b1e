using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain.Tests;

/// <summary>docs/contract.md 6: every endpoint is in or out, and why; the reasons come from what chose them.</summary>
public sealed class CandidateTests
{
    private const string ClusterIP = "10.96.0.1:80";
    private const string External = "203.0.113.1:80";
    private readonly ExplainLab lab = new();

    [Fact]
    public void Ready_endpoints_are_in_and_the_others_say_what_they_are()
    {
        lab.Web(["10.244.1.5", "10.244.1.6 unready", "10.244.1.7 terminating", "10.244.1.8 ready+terminating"]);

        Assert.Equal(
            ["10.244.1.5 in: ready", "10.244.1.6 out: not ready", "10.244.1.7 out: terminating: used only while no endpoint is ready",
                "10.244.1.8 in: ready, though terminating"],
            Candidates(ExplainLab.PodHere, ClusterIP));
    }

    [Fact]
    public void Terminating_ones_are_in_while_none_is_ready()
    {
        lab.Web(["10.244.1.6 unready node=node-1", "10.244.1.7 terminating node=node-1"], outside: TrafficPolicy.Local);

        Assert.Equal(["10.244.1.6 out: not ready", "10.244.1.7 in: terminating but serving: none is ready"],
            Candidates(ExplainLab.PodHere, ClusterIP));
        Assert.Equal(["10.244.1.6 out: not ready", "10.244.1.7 in: terminating but serving and on this node: no ready endpoint is here"],
            Candidates(ExplainLab.Outside, External));
    }

    [Fact]
    public void The_two_lists_fall_back_independently()
    {
        lab.Web(["10.244.1.7 terminating node=node-1", ExplainLab.There], outside: TrafficPolicy.Local);

        Assert.Equal(["10.244.1.7 out: terminating: used only while no endpoint is ready", "10.244.2.5 in: ready"],
            Candidates(ExplainLab.PodHere, External));
        Assert.Equal(
            ["10.244.1.7 in: terminating but serving and on this node: no ready endpoint is here",
                "10.244.2.5 out: not on this node, but on node-2"],
            Candidates(ExplainLab.Outside, External));
    }

    [Fact]
    public void An_endpoint_without_a_node_name_is_never_local()
    {
        lab.Web(["10.244.1.5", ExplainLab.There], inside: TrafficPolicy.Local);

        Assert.Equal("drop", lab.Answer(ExplainLab.PodHere, ClusterIP));
        Assert.Equal(["10.244.1.5 out: not on this node: it has no nodeName", "10.244.2.5 out: not on this node, but on node-2"],
            Candidates(ExplainLab.PodHere, ClusterIP));
    }

    [Fact]
    public void Hints_for_the_zone_take_the_others_out()
    {
        lab.Web(["10.244.1.5 zones=a", "10.244.2.5 zones=b", "10.244.2.6 unready"]);

        Assert.Equal(["10.244.1.5 in: ready, hint for zone a", "10.244.2.5 out: no hint for zone a", "10.244.2.6 out: not ready"],
            Candidates(ExplainLab.PodHere, ClusterIP));
    }

    [Fact]
    public void Hints_for_the_node_go_before_those_for_the_zone()
    {
        lab.Web(["10.244.1.5 zones=a nodes=node-1", "10.244.1.6 zones=a nodes=node-3", "10.244.2.5 zones=b nodes=node-2"]);

        Assert.Equal(
            ["10.244.1.5 in: ready, hint for node node-1", "10.244.1.6 out: no hint for node node-1",
                "10.244.2.5 out: no hint for node node-1"],
            Candidates(ExplainLab.PodHere, ClusterIP));
    }

    [Theory]
    [InlineData("10.244.1.5 zones=a", "10.244.2.5", "hints are ignored: ready endpoint 10.244.2.5:8080 has no hint for a zone")]
    [InlineData("10.244.1.5 zones=b", "10.244.2.5 zones=b", "hints are ignored: no ready endpoint has a hint for zone a")]
    [InlineData("10.244.1.5 zones=b nodes=node-1", "10.244.2.5 zones=b", "hints are ignored: no ready endpoint has a hint for zone a")]
    public void Hints_that_do_not_hold_say_why(string first, string second, string expected)
    {
        lab.Web([first, second]);

        Assert.Equal([expected], lab.Explainer().Problems(lab.Explain(ExplainLab.PodHere, ClusterIP)));
    }

    [Fact]
    public void A_node_without_a_zone_is_why_hints_do_not_hold()
    {
        lab.Cluster.Node(ExplainLab.NodeName, null, [ExplainLab.Node]);
        lab.Web(["10.244.1.5 zones=a", "10.244.2.5 zones=b"]);

        Assert.Contains("no zone", Assert.Single(lab.Explainer().Problems(lab.Explain(ExplainLab.PodHere, ClusterIP))));
    }

    [Fact]
    public void Hints_do_not_hold_in_the_local_list()
    {
        lab.Web(["10.244.1.5 node=node-1 zones=b", "10.244.2.5 node=node-2 zones=a"], outside: TrafficPolicy.Local);

        Assert.Equal(["10.244.1.5 in: ready and on this node", "10.244.2.5 out: not on this node, but on node-2"],
            Candidates(ExplainLab.Outside, External));
    }

    [Fact]
    public void A_local_endpoint_that_is_not_ready_keeps_the_list_empty_and_says_so()
    {
        lab.Web(["10.244.1.5 unready node=node-1", ExplainLab.There], outside: TrafficPolicy.Local);

        Assert.Equal("drop", lab.Answer(ExplainLab.Outside, External));
        Assert.Contains("no endpoint of default/web:http on node node-1",
            Assert.Single(lab.Explainer().Problems(lab.Explain(ExplainLab.Outside, External))));
    }

    [Theory]
    [InlineData(new string[0], "has no EndpointSlice")]
    [InlineData(new[] { "https:8443" }, "\"https\"/TCP")]
    [InlineData(new[] { "http:8080/UDP" }, "\"http\"/UDP")]
    public void Slices_that_do_not_match_are_named(string[] ports, string expected)
    {
        lab.Cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        if (ports.Length > 0) lab.Cluster.Slice("web-1", "web", ports, [ExplainLab.Here]);

        Assert.Contains(expected, Assert.Single(lab.Explainer().Problems(lab.Explain(ExplainLab.PodHere, ClusterIP))));
    }

    [Fact]
    public void A_backend_has_the_node_of_its_endpoint()
    {
        lab.Web([ExplainLab.Here, ExplainLab.There, "10.244.3.5"]);

        Assert.Equal([("node-1", true), ("node-2", false), (null, false)],
            lab.Explain(ExplainLab.PodHere, ClusterIP).Backends.Select(b => (b.Node, b.Local)));
    }

    private string[] Candidates(string from, string to)
    {
        var explainer = lab.Explainer();
        return [.. explainer.Candidates(explainer.Explain(ExplainLab.Flow(from, to))).Select(c
            => $"{c.Address.Address} {(c.Chosen ? "in" : "out")}: {c.Reason}")];
    }
}
