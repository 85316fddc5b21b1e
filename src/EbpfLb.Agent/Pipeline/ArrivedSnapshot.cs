using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>A state of the cluster on its way to the kernel.</summary>
/// <param name="Sequence">Counts the snapshots of this process, from 1.</param>
/// <param name="ArrivedAt">Timestamp of the clock when the source yielded it.</param>
internal sealed record ArrivedSnapshot(ClusterSnapshot Snapshot, long Sequence, long ArrivedAt);
