using EbpfLb.Abi;

namespace EbpfLb.Datapath.Events;

/// <summary>What the log is to say about one reason.</summary>
/// <param name="Example">The drop that was seen last.</param>
/// <param name="Count">Since the last time it was said.</param>
/// <param name="Over">How long that took; null the first time.</param>
public sealed record DropSummary(LbReason Reason, DropEvent Example, long Count, TimeSpan? Over);

/// <summary>
/// Turns many drops into few lines: the first of a reason at once, then at most one each period. Events get lost when
/// the ring is full, so the numbers are those of the counters. Used by one thread.
/// </summary>
/// <param name="counters">Counts by reason since the maps were made.</param>
public sealed class DropSummaries(Func<LbReason, long> counters, TimeProvider time)
{
    private readonly Dictionary<LbReason, Reported> reported = [];

    public static TimeSpan Period { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Takes a drop; the answer is what is to be said at once, if anything.</summary>
    public DropSummary? Record(DropEvent drop)
    {
        var now = time.GetTimestamp();
        if (reported.TryGetValue(drop.Reason, out var last) && (last.Pending is not null || time.GetElapsedTime(last.At, now) < Period))
        {
            reported[drop.Reason] = last with { Pending = drop, Seen = last.Seen + 1 };
            return null;
        }
        reported[drop.Reason] = new Reported(now, counters(drop.Reason), null, 0);
        return new DropSummary(drop.Reason, drop, 1, null);
    }

    /// <summary>What has become due; called every second or so.</summary>
    public IReadOnlyList<DropSummary> TakeDue()
    {
        var now = time.GetTimestamp();
        List<DropSummary> due = [];
        foreach (var (reason, last) in reported.ToArray())
        {
            var elapsed = time.GetElapsedTime(last.At, now);
            if (last.Pending is null || elapsed < Period) continue;
            var count = counters(reason);
            due.Add(new DropSummary(reason, last.Pending, Math.Max(count - last.Counter, last.Seen), elapsed));
            reported[reason] = new Reported(now, count, null, 0);
        }
        return due;
    }

    /// <param name="At">When the reason was last spoken of.</param>
    /// <param name="Counter">What its counter was then.</param>
    /// <param name="Pending">The last drop since then.</param>
    /// <param name="Seen">How many events since then.</param>
    private sealed record Reported(long At, long Counter, DropEvent? Pending, long Seen);
}
