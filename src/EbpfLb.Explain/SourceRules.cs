using System.Collections.Frozen;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Who a source is (docs/contract.md 5.2: pod, node, anything else), and which way its connections go.</summary>
/// <param name="here">Addresses of endpoints whose nodeName is this node.</param>
/// <param name="elsewhere">Of endpoints with another nodeName.</param>
internal sealed class SourceRules(ExplainContext context, FrozenSet<IpAddress> here, FrozenSet<IpAddress> elsewhere)
{
    private readonly FrozenSet<IpAddress> own = context.Addresses.Select(a => a.Address).ToFrozenSet();

    /// <summary>An address of this node, loopback included.</summary>
    public bool IsNode(IpAddress address) => address.IsLoopback || own.Contains(address);

    public Source Of(Flow flow)
    {
        var (path, pathWhy) = PathOf(flow);
        var (kind, why) = path == FlowPath.Socket ? OfSocket(flow) : OfPacket(flow);
        return new Source(kind, why, path, pathWhy);
    }

    private (SourceClass, string) OfPacket(Flow flow)
        => PodBy(flow) is { } pod ? (SourceClass.Pod, pod)
        : IsNode(flow.From) ? (SourceClass.Node, "an address of this node")
        : (SourceClass.Outside, OutsideBy(flow));

    /// <summary>
    /// What the node's own processes are is told by their network namespace, whatever the detector says. A pod's socket comes in by
    /// no device, so a detector that goes by devices takes everything else for a pod.
    /// </summary>
    private (SourceClass, string) OfSocket(Flow flow)
    {
        if (IsNode(flow.From)) return (SourceClass.Node, "an address of this node");
        if (context.PodDevices is { } devices) return (SourceClass.Pod, $"not the node's, and pods are told by device ({devices})");
        return PodBy(flow) is { } pod ? (SourceClass.Pod, pod) : (SourceClass.Outside, OutsideBy(flow));
    }

    private string? PodBy(Flow flow)
    {
        if (context.PodDevices is { } devices && flow.IngressInterface is { } device && devices.Matches(device))
            return $"a pod, as it comes in by {device}";
        return RangeOf(flow.From) is { } range ? $"in the pods' range {range}" : null;
    }

    private string OutsideBy(Flow flow)
    {
        if (context.PodDevices is { } devices)
            return flow.IngressInterface is { } device ? $"not by a pods' device ({device} is not {devices})"
                : $"not known to come in by a pods' device ({devices})";
        return context.Pods(flow.From.Family) is { IsEmpty: false } ranges
            ? $"neither in the pods' {(ranges.Count == 1 ? "range" : "ranges")} {string.Join(", ", ranges)} nor an address of this node"
            : $"no address of this node, and without a detector for {flow.From.Family} nobody is a pod";
    }

    private SourceRange? RangeOf(IpAddress address)
    {
        foreach (var range in context.Pods(address.Family))
            if (range.Contains(address)) return range;
        return null;
    }

    private (FlowPath, string) PathOf(Flow flow)
    {
        if (flow.Path is { } asked) return (asked, "as asked");
        var isNode = IsNode(flow.From);
        if ((isNode ? "a process of the node itself" : PodHere(flow)) is not { } who)
            return (FlowPath.Packet, "it does not start on this node");
        if (flow.Protocol == TransportProtocol.Sctp) return (FlowPath.Packet, "there are no socket hooks for SCTP");
        return context.HostSocketsOnly && !isNode ? (FlowPath.Packet, $"{who}, and socket hooks are for the node's own processes only")
            : (FlowPath.Socket, who);
    }

    /// <summary>Why the source is a pod of this node; null: it is not, or not known to be.</summary>
    private string? PodHere(Flow flow)
    {
        var hasOwnRange = false;
        string? other = null;
        foreach (var range in context.PodRanges)
        {
            if (range.Node == context.NodeName)
            {
                if (range.Range.Contains(flow.From)) return $"a pod of this node, whose range is {range.Range}";
                hasOwnRange |= range.Range.Prefix.Family == flow.From.Family;
            }
            else if (range.Range.Contains(flow.From))
            {
                other = range.Node;
            }
        }
        if (here.Contains(flow.From)) return "a pod of this node, by the nodeName of its endpoint";
        if (context.PodDevices is { } devices && flow.IngressInterface is { } device && devices.Matches(device))
            return $"a pod of this node, as it comes in by {device}";
        if (hasOwnRange || other is not null || elsewhere.Contains(flow.From)) return null;
        return RangeOf(flow.From) is not null ? "a pod, and no other node is known to have it" : null;
    }
}
