using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing;

namespace EbpfLb.Explain.Tests;

/// <summary>
/// docs/contract.md 5.2, row by row, and the verdicts of section 8; backends of this node see the client wherever kube-proxy would
/// masquerade.
/// </summary>
public sealed class MatrixTests
{
    private const string Both = "10.244.1.5 10.244.2.5";
    private const string BothMasqueraded = "10.244.1.5 10.244.2.5*";

    private static readonly Dictionary<string, string> Destinations = new()
    {
        ["clusterIP"] = "10.96.0.1:80", ["nodePort"] = $"{ExplainLab.Node}:30080", ["externalIP"] = "203.0.113.1:80",
        ["loadBalancer"] = "198.51.100.1:80",
    };

    private static readonly Dictionary<string, string> Sources = new()
    {
        ["pod"] = ExplainLab.PodThere, ["pod here"] = ExplainLab.PodHere, ["node"] = ExplainLab.Node, ["other node"] = ExplainLab.OtherNode,
        ["outside"] = ExplainLab.Outside,
    };

    private static readonly Dictionary<string, string[]> Endpoints = new()
    {
        ["both"] = [ExplainLab.Here, ExplainLab.There], ["there"] = [ExplainLab.There], ["none"] = [],
        ["unready"] = ["10.244.1.5 unready node=node-1", "10.244.2.5 unready node=node-2"],
    };

    public static TheoryData<string, TrafficPolicy, string, string, string> Packets()
    {
        const TrafficPolicy Cluster = TrafficPolicy.Cluster, Local = TrafficPolicy.Local;
        var rows = new TheoryData<string, TrafficPolicy, string, string, string>();
        // ClusterIP, policy Cluster: only pods are not masqueraded. Policy Local: the same, by the Local list.
        foreach (var (source, expected) in new[]
        {
            ("pod", Both), ("pod here", Both), ("node", BothMasqueraded), ("other node", BothMasqueraded), ("outside", BothMasqueraded),
        })
        {
            rows.Add("clusterIP", Cluster, source, "both", expected);
            rows.Add("clusterIP", Cluster, source, "there", expected.Split(' ')[1]);
            rows.Add("clusterIP", Local, source, "both", "10.244.1.5");
            rows.Add("clusterIP", Local, source, "there", "drop");
        }
        foreach (var external in new[] { "nodePort", "externalIP", "loadBalancer" })
        {
            foreach (var source in Sources.Keys) rows.Add(external, Cluster, source, "both", BothMasqueraded);
            foreach (var source in Sources.Keys) rows.Add(external, Cluster, source, "there", "10.244.2.5*");
            // Pods and the node short-circuit to the Cluster list; the node is masqueraded, pods are not.
            rows.Add(external, Local, "pod", "both", Both);
            rows.Add(external, Local, "pod", "there", "10.244.2.5");
            rows.Add(external, Local, "pod here", "both", Both);
            rows.Add(external, Local, "node", "both", BothMasqueraded);
            rows.Add(external, Local, "node", "there", "10.244.2.5*");
            rows.Add(external, Local, "outside", "both", "10.244.1.5");
            rows.Add(external, Local, "outside", "there", "drop");
            rows.Add(external, Local, "other node", "both", "10.244.1.5");
            rows.Add(external, Local, "other node", "there", "drop");
        }
        foreach (var destination in Destinations.Keys)
        {
            foreach (var source in Sources.Keys)
            {
                foreach (var policy in new[] { Cluster, Local })
                {
                    rows.Add(destination, policy, source, "none", "reject");
                    rows.Add(destination, policy, source, "unready", "reject");
                }
            }
        }
        return rows;
    }

    [Contract("5.2", "the matrix, all rows: destination, policy, source: list and SNAT")]
    [Theory]
    [MemberData(nameof(Packets))]
    public void A_packet_goes_where_the_contract_says(
        string destination, TrafficPolicy policy, string source, string endpoints, string expected)
    {
        var lab = LabOf(destination, policy, endpoints);

        Assert.Equal(expected, lab.Answer(Sources[source], Destinations[destination], FlowPath.Packet));
    }

    [Contract("5.2", "the matrix, all rows: destination, policy, source: list and SNAT")]
    [Theory]
    [MemberData(nameof(Packets))]
    public void A_socket_gets_the_same_backends_and_needs_no_masquerading(
        string destination, TrafficPolicy policy, string source, string endpoints, string expected)
    {
        var lab = LabOf(destination, policy, endpoints);

        Assert.Equal(expected.Replace("*", ""), lab.Answer(Sources[source], Destinations[destination], FlowPath.Socket));
    }

    [Contract("5.2", "note 4: the policies do not touch each other's side")]
    [Theory]
    [InlineData("clusterIP", "nodePort")]
    [InlineData("clusterIP", "externalIP")]
    [InlineData("clusterIP", "loadBalancer")]
    public void The_internal_policy_does_not_reach_external_frontends(string local, string cluster)
    {
        var lab = new ExplainLab().Web([ExplainLab.There], inside: TrafficPolicy.Local);

        Assert.Equal("drop", lab.Answer(ExplainLab.Outside, Destinations[local]));
        Assert.Equal("10.244.2.5*", lab.Answer(ExplainLab.Outside, Destinations[cluster]));
    }

    [Contract("5.2", "note 4: the policies do not touch each other's side")]
    [Fact]
    public void The_external_policy_does_not_reach_the_cluster_ip()
        => Assert.Equal("10.244.2.5*",
            new ExplainLab().Web([ExplainLab.There], outside: TrafficPolicy.Local).Answer(ExplainLab.Outside, "10.96.0.1:80"));

    private static ExplainLab LabOf(string destination, TrafficPolicy policy, string endpoints) => destination == "clusterIP"
        ? new ExplainLab().Web(Endpoints[endpoints], inside: policy)
        : new ExplainLab().Web(Endpoints[endpoints], outside: policy);
}
