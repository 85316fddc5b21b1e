using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Planning.Apply;

/// <summary>How retiring goes.</summary>
/// <param name="Waiting">Ids, ranges and sources that should be free and could not be cleared.</param>
/// <param name="Failures">How often retiring failed, also where it went well later.</param>
/// <param name="Problem">Why the last time; null: it went well.</param>
public sealed record RetireStatus(int Waiting, long Failures, string? Problem)
{
    public static RetireStatus Good { get; } = new(0, 0, null);
}

/// <summary>
/// Phase 6 in the background: batches are retired in order, each after a grace period that began when the batch was there. Batches that
/// arrive while one waits share the next period. What cannot be cleared is tried again by itself, after 1, 2, 4 ... 60 s.
/// </summary>
public sealed class RetireQueue(PlanApplier applier, IGracePeriod grace, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly WakeablePeriod next = new(time);
    private readonly BackOff backOff = new(LongestWait);
    private RetireBatch arrived = new();
    private bool isComplete;
    private RetireBatch waiting = new();
    private volatile RetireStatus status = RetireStatus.Good;

    public RetireStatus Status => status;

    /// <summary>Never blocks; an empty batch is dropped.</summary>
    public void Enqueue(RetireBatch batch)
    {
        if (batch.IsEmpty) return;
        lock (gate) arrived.AddRange(batch);
        next.Wake();
    }

    /// <summary>No more batches: <see cref="RunAsync"/> ends when everything has been retired.</summary>
    public void Complete()
    {
        lock (gate) isComplete = true;
        next.Wake();
    }

    /// <summary>Retires until completed or cancelled. May be called again after it threw: nothing that waits is lost.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (Take())
        {
            if (waiting.IsEmpty)
            {
                await next.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
                continue;
            }
            await grace.WaitAsync(cancellationToken);
            waiting = applier.Retire(waiting);
            Record();
            if (!waiting.IsEmpty) await next.WaitAsync(backOff.Next(), cancellationToken);
        }
    }

    /// <summary>Adds what arrived to what waits. False: all is done and nothing more will come.</summary>
    private bool Take()
    {
        lock (gate)
        {
            waiting.AddRange(arrived);
            arrived = new RetireBatch();
            return !isComplete || !waiting.IsEmpty;
        }
    }

    private void Record()
    {
        var problem = waiting.Problem;
        if (problem is null && waiting.IsEmpty) backOff.Reset();
        if (problem is not null && problem != status.Problem) Log.NotRetired(logger, waiting.Fault, waiting.ElementCount, problem);
        status = new RetireStatus(waiting.ElementCount, status.Failures + (problem is null ? 0 : 1), problem);
    }
}

/// <summary>Waits until every program that began before the call has ended, on every CPU (membarrier, or an RCU grace period).</summary>
public interface IGracePeriod
{
    Task WaitAsync(CancellationToken cancellationToken);
}
