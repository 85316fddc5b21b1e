using EbpfLb.Model;
using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Endpoints;

/// <summary>
/// Hints of the slices: keep traffic on the node, else in the zone. Each holds only when every ready endpoint has such a hint
/// and one of them names us; who is not ready does not matter. Whoever writes slices decides what is hinted: annotations and
/// trafficDistribution of the Service are not looked at (docs/contract.md 6).
/// </summary>
internal readonly struct TopologyHints
{
    private readonly string? node;
    private readonly string? zone;

    private TopologyHints(string? node, string? zone)
    {
        this.node = node;
        this.zone = zone;
    }

    /// <summary>Only endpoints with a hint for <see cref="HeldFor"/> are used.</summary>
    public bool Holds => node is not null || zone is not null;

    /// <summary>"node node-1" or "zone a".</summary>
    public string HeldFor => node is not null ? $"node {node}" : $"zone {zone}";

    public static TopologyHints Read(ReadOnlySpan<MergedEndpoint> endpoints, NodeFacts facts)
    {
        bool allNodes = true, ourNode = false, allZones = true, ourZone = false;
        foreach (ref readonly var candidate in endpoints)
        {
            if (!candidate.IsReady) continue;
            if (candidate.Endpoint.Hints is not { } hints) return default;
            allNodes &= !hints.Nodes.IsEmpty;
            allZones &= !hints.Zones.IsEmpty;
            ourNode |= hints.Nodes.AsSpan().Contains(facts.Name);
            ourZone |= facts.Zone is { } zone && hints.Zones.AsSpan().Contains(zone);
        }
        if (allNodes && ourNode) return new TopologyHints(facts.Name, null);
        return allZones && ourZone ? new TopologyHints(null, facts.Zone) : default;
    }

    /// <summary>Why hints that are there do not hold; null when they hold or there are none.</summary>
    public static string? WhyIgnored(ReadOnlySpan<MergedEndpoint> endpoints, NodeFacts facts)
    {
        if (Read(endpoints, facts).Holds) return null;
        var anyZone = false;
        var anyNode = false;
        MergedEndpoint? withoutZone = null;
        MergedEndpoint? withoutNode = null;
        foreach (ref readonly var candidate in endpoints)
        {
            if (!candidate.IsReady) continue;
            var (zones, nodes) = (candidate.Endpoint.Hints?.Zones ?? [], candidate.Endpoint.Hints?.Nodes ?? []);
            anyZone |= !zones.IsEmpty;
            anyNode |= !nodes.IsEmpty;
            if (zones.IsEmpty) withoutZone ??= candidate;
            if (nodes.IsEmpty) withoutNode ??= candidate;
        }
        if (anyZone && withoutZone is { } unhinted) return $"ready endpoint {unhinted.Address} has no hint for a zone";
        if (anyZone) return facts.Zone is null ? "this node has no zone (label topology.kubernetes.io/zone)"
            : $"no ready endpoint has a hint for zone {facts.Zone}";
        if (!anyNode) return null;
        return withoutNode is { } bare ? $"ready endpoint {bare.Address} has no hint for a node"
            : $"no ready endpoint has a hint for node {facts.Name}";
    }

    /// <summary>Whether a ready endpoint may be used.</summary>
    public bool Allow(in Endpoint endpoint)
    {
        if (node is not null) return endpoint.Hints!.Nodes.AsSpan().Contains(node);
        return zone is null || endpoint.Hints!.Zones.AsSpan().Contains(zone);
    }
}
