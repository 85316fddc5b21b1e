using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Explain.Tests;

/// <summary>
/// A node of a cluster with two, seen from where a connection starts. Answers are short: "10.244.1.5 10.244.2.5*" are the backends, those
/// with a star see an address of the node in place of the client's; else "drop", "reject" or "pass".
/// </summary>
internal sealed class ExplainLab
{
    public const string NodeName = ClusterChanges.NodeName;
    public const string Here = "10.244.1.5 node=node-1";
    public const string There = "10.244.2.5 node=node-2";

    public const string PodHere = "10.244.1.9";
    public const string PodThere = "10.244.2.9";
    public const string Node = "192.0.2.11";
    public const string OtherNode = "192.0.2.12";
    public const string Outside = "203.0.113.9";

    public ClusterBuilder Cluster { get; } = new ClusterBuilder().Node(NodeName, "a", [Node, "2001:db8::11"]);

    public ExplainContext Context { get; set; } = new()
    {
        NodeName = NodeName,
        Addresses = [
            new LocalAddress(IpAddress.Parse(Node), NodePorts: true), new LocalAddress(IpAddress.Parse("2001:db8::11"), NodePorts: true)],
        LoopbackNodePorts4 = true,
        Pods4 = [SourceRange.Parse("10.244.0.0/16")],
        Pods6 = [SourceRange.Parse("fd00:10:244::/48")],
        PodRanges =
        [
            new PodRange(NodeName, SourceRange.Parse("10.244.1.0/24")), new PodRange(NodeName, SourceRange.Parse("fd00:10:244:1::/64")),
            new PodRange("node-2", SourceRange.Parse("10.244.2.0/24")), new PodRange("node-2", SourceRange.Parse("fd00:10:244:2::/64")),
        ],
        OtherNodes = [new OtherNode("node-2", IpAddress.Parse(OtherNode))],
    };

    /// <summary>
    /// A Service with every kind of frontend: 10.96.0.1:80, NodePort 30080, 198.51.100.1:80 (VIP), 203.0.113.1:80 (external IP).
    /// </summary>
    public ExplainLab Web(string[] endpoints, TrafficPolicy inside = TrafficPolicy.Cluster, TrafficPolicy outside = TrafficPolicy.Cluster,
        string[]? ranges = null)
    {
        Cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], externalIPs: ["203.0.113.1"], balancerIPs: ["198.51.100.1"],
            sourceRanges: ranges, inside: inside, outside: outside);
        Cluster.Slice("web-1", "web", ["http:8080"], endpoints);
        return this;
    }

    public Explanation Explain(string from, string to, FlowPath? path = null, string? device = null)
        => Explainer().Explain(Flow(from, to, path, device));

    public NodeNetwork Network { get; set; } = NodeNetwork.None;

    public PolicyOptions Policy { get; set; } = new() { NodeName = NodeName };

    public Explainer Explainer() => new(Compile(), Context);

    public ForwardingTable Compile()
        => ForwardingCompiler.Compile(Cluster.Build(), Policy, null, Network);

    public string Answer(string from, string to, FlowPath? path = null, string? device = null)
    {
        var explanation = Explain(from, to, path, device);
        return explanation.Verdict == FlowVerdict.Dnat
            ? string.Join(' ', explanation.Backends.Select(b => $"{b.Address.Address}{(b.Masquerade ? "*" : "")}"))
            : explanation.Verdict.ToString().ToLowerInvariant();
    }

    /// <param name="to">"10.96.0.1:80", "[fd00::1]:80/UDP".</param>
    public static Flow Flow(string from, string to, FlowPath? path = null, string? device = null)
    {
        var parts = to.Split('/');
        var colon = parts[0].LastIndexOf(':');
        return new Flow(
            IpAddress.Parse(from), IpAddress.Parse(parts[0][..colon].Trim('[', ']')), ushort.Parse(parts[0][(colon + 1)..]),
            parts.Length > 1 ? Enum.Parse<TransportProtocol>(parts[1], ignoreCase: true) : TransportProtocol.Tcp, path, device);
    }
}
