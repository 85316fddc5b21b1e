using EbpfLb.Model;

namespace EbpfLb.Policy.Explaining;

/// <summary>Addresses that a node gives its pods (spec.podCIDRs).</summary>
public readonly record struct PodRange(string Node, SourceRange Range);
