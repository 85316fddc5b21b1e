using EbpfLb.Http.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Counts changes on their way and how long they took (docs/contract.md 13, network programming latency). Snapshots are
/// compared on the reader's side, beside the round that programs them, so that counting delays no change. Thread-safe.
/// </summary>
internal sealed class ChangeTracker(SyncMetrics metrics, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Queue<(long Sequence, SnapshotDifference Difference)> pending = [];
    private readonly DateTimeOffset started = time.GetUtcNow();
    private ClusterSnapshot last = ClusterSnapshot.Empty;
    private long appliedSequence;
    private DateTimeOffset appliedAt;

    /// <summary>A snapshot was handed on. Its round may have ended before this is called.</summary>
    public void Observe(ArrivedSnapshot arrived)
    {
        var difference = SnapshotDifference.Between(last, arrived.Snapshot);
        last = arrived.Snapshot;
        metrics.RecordChanges(difference.Services, difference.Slices);
        lock (gate)
        {
            pending.Enqueue((arrived.Sequence, difference));
            Settle();
        }
    }

    /// <summary>Everything up to this snapshot is in the kernel.</summary>
    public void RecordApplied(long sequence)
    {
        lock (gate)
        {
            appliedSequence = sequence;
            appliedAt = time.GetUtcNow();
            Settle();
        }
    }

    private void Settle()
    {
        while (pending.TryPeek(out var oldest) && oldest.Sequence <= appliedSequence)
        {
            pending.Dequeue();
            foreach (var (family, trigger) in oldest.Difference.Triggers)
                if (trigger >= started && appliedAt >= trigger) metrics.RecordNetworkProgramming(family, appliedAt - trigger);
        }
        metrics.RecordPending(pending.Sum(p => p.Difference.Services), pending.Sum(p => p.Difference.Slices));
    }
}
