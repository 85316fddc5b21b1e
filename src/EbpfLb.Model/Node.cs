namespace EbpfLb.Model;

/// <summary>The node this agent runs on, with only what a proxy needs.</summary>
/// <param name="Addresses">InternalIP addresses first, then ExternalIP, in the object's order within each.</param>
/// <param name="Zone">Label topology.kubernetes.io/zone, null when unset or empty.</param>
public sealed record Node(
    string Name,
    ValueList<IpAddress> Addresses,
    ValueList<string> PodCidrs,
    string? Zone,
    bool IsDeleting,
    ValueList<string> TaintKeys);
