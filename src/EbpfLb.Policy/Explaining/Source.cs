namespace EbpfLb.Policy.Explaining;

/// <summary>Who connects, by which way, and why we think so.</summary>
/// <param name="Why">Begins after "is": "in the pods' range 10.244.0.0/16".</param>
/// <param name="PathWhy">"a pod of this node: its range is 10.244.1.0/24".</param>
public readonly record struct Source(SourceClass Class, string Why, FlowPath Path, string PathWhy);
