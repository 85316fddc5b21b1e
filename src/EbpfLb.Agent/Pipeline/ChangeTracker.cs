using EbpfLb.Http.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Counts changes on their way and how long they took (docs/contract.md 13, network programming latency). Snapshots are
/// compared on the reader's side, beside the round that programs them, so that counting delays no change. Thread-safe.
/// </summary>
internal sealed class ChangeTracker(SyncMetrics metrics, TimeProvider time)
{
    /// <summary>Snapshots whose changes are timed at once. While nothing gets into the kernel, the oldest are only counted.</summary>
    private const int MostTimed = 1_000;

    private readonly Lock gate = new();
    private readonly Queue<(long Sequence, SnapshotDifference Difference)> pending = [];
    private readonly DateTimeOffset started = time.GetUtcNow();
    private ClusterSnapshot last = ClusterSnapshot.Empty;

    /// <summary>Of those before the queue's first one; the sequence is that of the newest of them.</summary>
    private (long Sequence, int Services, int Slices) untimed;

    /// <summary>In the queue and before it.</summary>
    private int services, slices;

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
            services += difference.Services;
            slices += difference.Slices;
            Settle();
            if (pending.Count > MostTimed) GiveUpTiming(pending.Dequeue());
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
        if (untimed.Sequence <= appliedSequence)
        {
            services -= untimed.Services;
            slices -= untimed.Slices;
            untimed = default;
        }
        while (pending.TryPeek(out var oldest) && oldest.Sequence <= appliedSequence)
        {
            pending.Dequeue();
            services -= oldest.Difference.Services;
            slices -= oldest.Difference.Slices;
            foreach (var (family, trigger) in oldest.Difference.Triggers)
                if (trigger >= started && appliedAt >= trigger) metrics.RecordNetworkProgramming(family, appliedAt - trigger);
        }
        metrics.RecordPending(services, slices);
    }

    private void GiveUpTiming((long Sequence, SnapshotDifference Difference) oldest) => untimed = (
        oldest.Sequence, untimed.Services + oldest.Difference.Services, untimed.Slices + oldest.Difference.Slices);
}
