using System.Collections.Immutable;

namespace EbpfLb.Model;

/// <summary>
/// One Service with the slices that name it. Either may come first: <see cref="Service"/> is null while only slices are known.
/// Same content, same reference: whoever holds an older entry compares by reference to see what changed.
/// </summary>
/// <param name="Slices">Ordered by name.</param>
public sealed record ServiceEntry(ObjectName Name, Service? Service, ImmutableArray<EndpointSlice> Slices);

/// <summary>
/// The state of the cluster as one agent sees it. Immutable; a source makes the next one from it, and what did not
/// change keeps its reference, so that finding out what differs between two snapshots costs what differs. The first snapshot a source
/// evicts is complete (docs/contract.md 13, startup 6).
/// </summary>
/// <param name="Node">The agent's own node, null while unknown.</param>
public sealed record ClusterSnapshot(PersistentDictionary<ObjectName, ServiceEntry> Services, Node? Node)
{
    /// <summary>The ranges of all ServiceCIDR objects; empty also when the server has no such objects, or does not show them.</summary>
    public ValueList<SourceRange> ServiceCidrs { get; init; }

    /// <summary>The nodes that the source reads, by name: all, or the own one.</summary>
    public ValueList<NodePlace> Nodes { get; init; }

    public static ClusterSnapshot Empty { get; } = new(PersistentDictionary.Empty<ObjectName, ServiceEntry>(), null);
}

/// <summary>A ServiceCIDR (networking.k8s.io/v1): addresses that ClusterIPs are taken from.</summary>
/// <param name="Cidrs">At most one per family; what could not be read is not kept.</param>
public sealed record ServiceCidr(string Name, ValueList<SourceRange> Cidrs);
