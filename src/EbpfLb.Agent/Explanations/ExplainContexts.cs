using EbpfLb.Agent.Nodes;
using EbpfLb.Datapath.Node;
using EbpfLb.Explain;
using EbpfLb.Model;

namespace EbpfLb.Agent.Explanations;

/// <summary>What decides beside the table, from options and Node objects.</summary>
internal static class ExplainContexts
{
    /// <param name="nodes">All that are known.</param>
    /// <param name="addresses">Of this node's interfaces, beside those of its Node object.</param>
    public static ExplainContext Of(NodeOptions options, string nodeName, IReadOnlyCollection<Node> nodes, IEnumerable<IpAddress> addresses)
    {
        var own = nodes.FirstOrDefault(n => n.Name == nodeName);
        var primaries = Primaries(own);
        return new ExplainContext
        {
            NodeName = nodeName,
            Addresses = (own?.Addresses ?? []).Concat(addresses).Where(a => !a.IsLoopback && !a.IsUnspecified).Distinct().Order()
                .Select(a => new LocalAddress(a, options.NodePortAddresses.Allow(a, primaries))).ToValueList(),
            LoopbackNodePorts4 = options.LocalhostNodePorts && options.NodePortAddresses.AllowLoopback4,
            LoopbackNodePorts6 = options.LocalhostNodePorts && options.NodePortAddresses.NameLoopback6,
            NodePortRange = options.NodePorts,
            Pods4 = options.Detector.RangesOf(IpFamily.IPv4, own),
            Pods6 = options.Detector.RangesOf(IpFamily.IPv6, own),
            PodDevices = DevicesOf(options.Detector),
            PodRanges = nodes.SelectMany(RangesOf).ToValueList(),
            MasqueradeAll = options.MasqueradeAll,
            AlwaysSnat = options.AlwaysSnat,
            HostSocketsOnly = options.HostSocketsOnly,
            OtherNodes = nodes.Where(n => n.Name != nodeName).SelectMany(n
                => n.Addresses.Select(a => new OtherNode(n.Name, a))).ToValueList(),
            NodeAddresses = nodes.SelectMany(n => n.Addresses).Distinct().ToValueList(),
        };
    }

    /// <summary>The node as its agent knows it; other nodes it does not read.</summary>
    /// <param name="node">This node's object; null when there is none.</param>
    /// <param name="view">What was read of the node and told to the programs.</param>
    public static ExplainContext Of(NodeOptions options, string nodeName, Node? node, NodeView view)
    {
        var state = view.State;
        var settings = state?.Settings ?? new NodeSettings();
        return new ExplainContext
        {
            NodeName = nodeName,
            Addresses = (state?.Addresses ?? []).Select(a => new LocalAddress(a.Address, a.NodePort)).ToValueList(),
            LoopbackNodePorts4 = settings.LoopbackNodePorts4,
            LoopbackNodePorts6 = settings.LoopbackNodePorts6,
            NodePortRange = settings.NodePorts ?? options.NodePorts,
            Pods4 = settings.Pods4,
            Pods6 = settings.Pods6,
            PodDevices = settings.DetectByDevice ? DevicesOf(options.Detector) : null,
            BareDevices = (state?.Devices ?? []).Where(d => d.Bare).Select(d => d.Name).ToValueList(),
            FrontDevices = view.Attached.Where(d => d.Xdp is not null)
                .Select(d => new FrontDevice(d.Name, d.Xdp!.Words, d.Xdp.Problem)).ToValueList(),
            PodRanges = node is null ? [] : RangesOf(node).ToValueList(),
            MasqueradeAll = settings.MasqueradeAll,
            AlwaysSnat = settings.AlwaysSnat,
            HostSocketsOnly = settings.HostSocketsOnly,
            NodeAddresses = state?.Nodes,
        };
    }

    /// <summary>The first address of each family (docs/contract.md 13, startup 2): what "primary" of nodePortAddresses means.</summary>
    private static List<IpAddress> Primaries(Node? node) => (node?.Addresses ?? []).GroupBy(a => a.Family).Select(g => g.First()).ToList();

    private static DeviceDetector? DevicesOf(PodDetector detector) => detector is { IsByDevice: true, Interface: { } name }
        ? new DeviceDetector(name, detector.Mode == DetectLocalMode.InterfaceNamePrefix)
        : null;

    private static IEnumerable<PodRange> RangesOf(Node node) => node.PodCidrs
        .Select(text => SourceRange.TryParse(text, out var range) ? range : (SourceRange?)null).OfType<SourceRange>()
        .Select(range => new PodRange(node.Name, range));
}
