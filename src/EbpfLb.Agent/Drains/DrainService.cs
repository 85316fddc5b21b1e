using EbpfLb.Agent.Pipeline;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Drains;

/// <summary>Ends drains whose time is over: the round is run again without them.</summary>
internal sealed class DrainService(DrainStore store, LoopRequests requests, TimeProvider time, ILogger logger)
    : SupervisedService("drains", time, logger)
{
    /// <summary>Drains end by the wall clock, which may be set while timers wait.</summary>
    private static readonly TimeSpan LookAtClock = TimeSpan.FromSeconds(30);

    private readonly WakeablePeriod period = new(time);

    /// <summary>Looks again when the next one ends.</summary>
    public void Wake() => period.Wake();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var wait = store.NextEnd is not { } end ? Timeout.InfiniteTimeSpan
                : end - Time.GetUtcNow() is var left && left <= TimeSpan.Zero ? TimeSpan.Zero : left < LookAtClock ? left : LookAtClock;
            if (wait != TimeSpan.Zero) await period.WaitAsync(wait, stoppingToken);
            var now = Time.GetUtcNow();
            // First of all: a round leaves them out by their time, also when the file cannot be written below.
            if (store.NextEnd <= now) requests.RunAgain();
            var ended = store.Remove(d => d.Until <= now);
            foreach (var drain in ended) Log.DrainEnded(Logger, drain.Drain.ToString(), drain.Drain.Service?.ToString() ?? "all");
        }
    }
}
