using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Drains;

/// <summary>Ends drains whose time is over, or whose backend is gone: the round is run again without them.</summary>
/// <param name="source">A backend that comes back while it cannot be read is not seen.</param>
internal sealed class DrainService(
    DrainStore store, DrainAbsences absences, LoopRequests requests, Func<SourceStatus> source, TimeProvider time, ILogger logger)
    : SupervisedService("drains", time, logger)
{
    /// <summary>
    /// One that cannot be reached has an error at once. A watch in which nothing changes may be silent until it ends, after 10 minutes.
    /// </summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(15);

    /// <summary>Drains end by the wall clock, which may be set while timers wait.</summary>
    private static readonly TimeSpan LookAtClock = TimeSpan.FromSeconds(30);

    private readonly WakeablePeriod period = new(time);

    /// <summary>Looks again when the next one ends.</summary>
    public void Wake() => period.Wake();

    /// <summary>A snapshot is in force: which backends does it name?</summary>
    public void Look(ClusterSnapshot snapshot)
    {
        var counted = absences.Any;
        absences.Look(snapshot);
        if (absences.Any && !counted) period.Wake();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var wait = store.NextEnd is not { } end ? absences.Any ? LookAtClock : Timeout.InfiniteTimeSpan
                : end - Time.GetUtcNow() is var left && left <= TimeSpan.Zero ? TimeSpan.Zero : left < LookAtClock ? left : LookAtClock;
            if (wait != TimeSpan.Zero) await period.WaitAsync(wait, stoppingToken);
            var now = Time.GetUtcNow();
            // First of all: a round leaves them out by their time, also when the file cannot be written below.
            if (store.NextEnd <= now) requests.RunAgain();
            var ended = store.Remove(d => d.Until <= now);
            foreach (var drain in ended) Log.DrainEnded(Logger, drain.Drain.ToString(), drain.Drain.Service?.ToString() ?? "all");
            EndAbandoned();
        }
    }

    private void EndAbandoned()
    {
        if (source() is not { IsSynced: true, Error: null } current || current.ContactAge > LongestSilence) absences.BeginAnew();
        var ended = store.Remove(absences.IsOver);
        if (ended.Count > 0) requests.RunAgain();
        foreach (var drain in ended)
        {
            Log.DrainAbandoned(
                Logger, DrainAbsences.Longest.TotalMinutes, drain.Drain.ToString(), drain.Drain.Service?.ToString() ?? "all",
                string.Join(",", drain.Services));
        }
    }
}
