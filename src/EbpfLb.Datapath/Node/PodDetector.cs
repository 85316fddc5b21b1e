using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>How traffic of pods is told from other traffic (docs/contract.md 5.3).</summary>
public enum DetectLocalMode
{
    /// <summary>By the address range of all pods of the cluster.</summary>
    ClusterCIDR,

    /// <summary>By spec.podCIDRs of this node's object.</summary>
    NodeCIDR,

    /// <summary>By the bridge that packets come in by.</summary>
    BridgeInterface,

    /// <summary>By the begin of the name of the device that packets come in by.</summary>
    InterfaceNamePrefix,
}

/// <param name="ClusterCidrs">Without one of a family there is no detector for that family.</param>
/// <param name="Interface">Name of the bridge, or begin of names; null for the other modes.</param>
public sealed record PodDetector(DetectLocalMode Mode, ValueList<SourceRange> ClusterCidrs, string? Interface)
{
    /// <summary>No range is known: nothing is a pod.</summary>
    public static PodDetector None { get; } = new(DetectLocalMode.ClusterCIDR, [], null);

    public bool IsByDevice => Mode is DetectLocalMode.BridgeInterface or DetectLocalMode.InterfaceNamePrefix;

    /// <summary>Whether what comes in by a device of this name is a pod's.</summary>
    public bool Matches(string device) => Mode switch
    {
        DetectLocalMode.BridgeInterface => device == Interface,
        DetectLocalMode.InterfaceNamePrefix => Interface is not null && device.StartsWith(Interface, StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>All ranges that are known to be pods', whatever tells them in the end.</summary>
    public ValueList<SourceRange> KnownRanges(Model.Node? node) => ClusterCidrs.Concat(RangesOf(node)).Distinct().ToValueList();

    private static IEnumerable<SourceRange> RangesOf(Model.Node? node) => node is null ? []
        : node.PodCidrs.Select(text => SourceRange.TryParse(text, out var range) ? range : (SourceRange?)null).OfType<SourceRange>();

    /// <summary>
    /// The ranges of pods in this family, none inside another; empty: there are none, or the node that would say them is not known.
    /// </summary>
    public ValueList<SourceRange> RangesOf(IpFamily family, Model.Node? node)
    {
        List<SourceRange> ranges = [.. (Mode switch
        {
            DetectLocalMode.ClusterCIDR => ClusterCidrs,
            DetectLocalMode.NodeCIDR => RangesOf(node),
            _ => [],
        }).Where(r => r.Prefix.Family == family).Distinct()];
        return ranges.Where(r => !ranges.Exists(o => o.Length < r.Length && o.Contains(r.Prefix))).Order().ToValueList();
    }
}
