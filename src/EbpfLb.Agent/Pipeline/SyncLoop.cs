using System.Threading.Channels;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath.Services;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// The consuming end of the pipeline: takes the latest snapshot, runs its round, attaches the hooks after the first one,
/// retries after failures and looks after the hooks. Idle, it waits for the channel and for nothing else, so a change
/// starts its round at once; busy, the channel keeps only the latest snapshot.
/// </summary>
internal sealed class SyncLoop(
    ChannelReader<ArrivedSnapshot> arrivals,
    SyncRound rounds,
    HookGuard hooks,
    ChangeTracker changes,
    PipelineState state,
    ProxyHealthTracker health,
    SyncMetrics syncMetrics,
    PlanMetrics planMetrics,
    Func<PipelineSettings> settings,
    TimeProvider time,
    ILogger logger) : ISyncTurn
{
    private static readonly IpFamily[] Families = [IpFamily.IPv4, IpFamily.IPv6];

    private readonly BackOff backOff = new(() => RetryPeriods.LongestOf(settings().SyncPeriod));
    private readonly BackOff hookBackOff = new(() => RetryPeriods.LongestOf(settings().SyncPeriod));
    private readonly RoundLog roundLog = new(logger);
    private ArrivedSnapshot? current;
    private Task<bool>? arrival;
    private Task? request;

    /// <summary>Of the last round that failed; null: nothing is to be retried.</summary>
    private (long At, TimeSpan Wait)? failure;

    /// <summary>Of the last check of the hooks; null before the first. Without a wait the sync period counts, as it is by then.</summary>
    private (long At, TimeSpan? Wait)? check;

    /// <summary>When the hooks were looked at last; null: never.</summary>
    private long? watched;

    /// <summary>When the last round ended; null: none has.</summary>
    private long? roundEnded;

    /// <summary>What others want done between rounds.</summary>
    public LoopRequests Requests { get; init; } = new();

    /// <summary>How long no round may begin yet: from the end of one, so the first change after a rest begins one at once.</summary>
    private TimeSpan Rest => roundEnded is { } ended ? Left(ended, settings().MinSyncPeriod) : TimeSpan.Zero;

    private TimeSpan? RetryIn => failure is { } failed ? Left(failed.At, Shorter(failed.Wait, settings().SyncPeriod)) : null;

    private TimeSpan? CheckIn => check is { } last ? Left(last.At, Shorter(last.Wait ?? TimeSpan.MaxValue, settings().SyncPeriod)) : null;

    private TimeSpan? WatchIn => watched is { } last && settings().WatchPeriod is { } period ? Left(last, period) : null;

    /// <summary>Ends when the channel is completed or the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await WaitAsync(cancellationToken))
        {
            if (Rest == TimeSpan.Zero)
            {
                if (arrivals.TryRead(out var arrived)) RunRound(current = arrived, PlanCause.Source);
                else if (RetryIn == TimeSpan.Zero) Retry();
            }
            if (CheckIn == TimeSpan.Zero) CheckHooks();
            else if (WatchIn == TimeSpan.Zero) WatchHooks();
            while (Requests.TryTake(out var work)) work(this);
        }
    }

    /// <summary>Waits for a snapshot, a request or the next thing that is due. False: there will be no more snapshots.</summary>
    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var rest = Rest;
        if (arrival is null)
        {
            var waiting = arrivals.WaitToReadAsync(cancellationToken);
            if (waiting.IsCompleted && rest == TimeSpan.Zero) return await waiting;
            // Kept until it has ended: a channel holds on to each waiter that was given up.
            arrival = waiting.AsTask();
        }
        if (request is null or { IsCompleted: true }) request = Requests.WaitAsync(cancellationToken);
        List<Task> events = rest > TimeSpan.Zero ? [request] : [request, arrival];
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (NextDue(rest) is { } due) events.Add(time.DelayAsync(due, timer.Token));
        await Task.WhenAny(events);
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (rest > TimeSpan.Zero || !arrival.IsCompleted) return true;
        var ended = arrival;
        arrival = null;
        return await ended;
    }

    /// <summary>Until a round may begin, a retry or a check of the hooks; null: only others can start something.</summary>
    private TimeSpan? NextDue(TimeSpan rest)
    {
        TimeSpan? due = rest > TimeSpan.Zero ? rest : null;
        if (due is null && RetryIn is { } retry) due = retry;
        if (CheckIn is { } check) due = due is { } other ? Shorter(other, check) : check;
        if (WatchIn is { } watch) due = due is { } sooner ? Shorter(sooner, watch) : watch;
        return due;
    }

    private TimeSpan Left(long since, TimeSpan wait)
    {
        var left = wait - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <inheritdoc/>
    public RoundReport? RunAgain(bool anew)
    {
        if (current is not { } latest) return null;
        if (anew) rounds.Forget();
        RunRound(latest with { ArrivedAt = time.GetTimestamp() }, PlanCause.Request);
        return state.LastRound;
    }

    private void Retry()
    {
        planMetrics.RecordRetry();
        RunRound(current! with { ArrivedAt = time.GetTimestamp() }, PlanCause.Retry);
    }

    private void RunRound(ArrivedSnapshot arrived, PlanCause cause)
    {
        var node = state.Node;
        var round = rounds.Run(arrived with { Snapshot = state.RecordArrived(arrived.Snapshot) });
        syncMetrics.RecordRound(
            round.Compile + round.Apply, isFull: state.LastRound is not { Succeeded: true } || !Equals(node, state.Node));
        if (round.Succeeded)
        {
            backOff.Reset();
            failure = null;
        }
        else
        {
            var wait = backOff.Next();
            round = round with { RetryIn = wait };
            failure = (time.GetTimestamp(), wait);
        }
        if (round.HasWhatFits)
        {
            changes.RecordApplied(round.Sequence);
            syncMetrics.RecordSynced(round.EndedAt);
        }
        RecordHealth(round);
        var isFirst = state.LastRound is null;
        state.RecordCompiled(rounds.Compiled);
        state.RecordRound(round, rounds.Table);
        roundLog.Write(round, rounds.Table);
        // Traffic is steered only by tables that are complete, or as complete as this node can make them.
        if (!state.Hooks.Attached && round.Applied) CheckHooks();
        if (round.Applied && rounds.Table is { } table) state.RecordApplied(table);
        state.RecordPlan(new FinishedPlan(round, rounds.Compiled, cause));
        roundEnded = time.GetTimestamp();
        // Reading everything for the first time leaves several times its size behind; later changes are small.
        if (isFirst) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private void RecordHealth(RoundReport round)
    {
        // See RoundReport.HasWhatFits.
        var failed = FamiliesOf(round.Failures.Where(f => !f.LacksRoom));
        foreach (var family in Families)
        {
            if (!failed.Contains(family)) health.RecordSynced(family);
            // What arrived during the last good round was stamped before that round cleared the stamp.
            else health.RecordQueued(family);
        }
    }

    /// <summary>A Service that failed counts for the families that it has; a failure of no Service for both.</summary>
    private HashSet<IpFamily> FamiliesOf(IEnumerable<ObjectFailure> failures) =>
    [
        .. failures.SelectMany(f => f.Service is { } name && rounds.Table?.Find(name) is { Ports.IsEmpty: false } service
            ? service.Ports.Select(p => p.Key.Family)
            : Families),
    ];

    private void CheckHooks()
    {
        var inForce = hooks.Check();
        if (inForce) hookBackOff.Reset();
        check = (time.GetTimestamp(), inForce ? null : hookBackOff.Next());
        watched = time.GetTimestamp();
    }

    /// <summary>What is missing is put back at once.</summary>
    private void WatchHooks()
    {
        if (hooks.Watch()) watched = time.GetTimestamp();
        else CheckHooks();
    }
}
