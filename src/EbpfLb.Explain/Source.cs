using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Who connects, by which way, and why we think so.</summary>
/// <param name="Why">Begins after "is": "in the pods' range 10.244.0.0/16".</param>
/// <param name="PathWhy">"a pod of this node: its range is 10.244.1.0/24".</param>
public readonly record struct Source(SourceClass Class, string Why, FlowPath Path, string PathWhy);

/// <summary>The kinds of source that the rules of traffic policies know (docs/contract.md 5.2).</summary>
public enum SourceClass
{
    /// <summary>By the detector; without one nobody is.</summary>
    Pod,

    /// <summary>An address of this node.</summary>
    Node,

    /// <summary>Anything else.</summary>
    Outside,
}
