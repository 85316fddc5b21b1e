using System.Threading.Channels;
using EbpfLb.Agent.Kernel;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
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

    private readonly BackOff backOff = new(() => settings().SyncPeriod);
    private readonly BackOff hookBackOff = new(() => settings().SyncPeriod);
    private readonly RoundLog roundLog = new(logger);
    private ArrivedSnapshot? current;
    private DateTimeOffset? retryAt;
    private DateTimeOffset? checkAt;
    private Task? request;

    /// <summary>What others want done between rounds.</summary>
    public LoopRequests Requests { get; init; } = new();

    /// <summary>Ends when the channel is completed or the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await WaitAsync(cancellationToken))
        {
            var now = time.GetUtcNow();
            var isRound = true;
            if (arrivals.TryRead(out var arrived)) RunRound(current = arrived);
            else if (retryAt <= now) Retry();
            else isRound = false;
            if (checkAt <= now) CheckHooks();
            while (Requests.TryTake(out var work)) work(this);
            // From the end of a round; the first change after it begins one at once.
            if (isRound && settings().MinSyncPeriod is { Ticks: > 0 } rest) await Task.Delay(rest, time, cancellationToken);
        }
    }

    /// <summary>Waits for a snapshot or for the next thing that is due. False: there will be no more snapshots.</summary>
    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var arrival = arrivals.WaitToReadAsync(cancellationToken);
        if (arrival.IsCompleted) return await arrival;
        var arrivalTask = arrival.AsTask();
        if (request is null or { IsCompleted: true }) request = Requests.WaitAsync(cancellationToken);
        if (Earlier(retryAt, checkAt) is not { } due)
        {
            await Task.WhenAny(arrivalTask, request);
            return !arrivalTask.IsCompleted || await arrivalTask;
        }
        var wait = due - time.GetUtcNow();
        if (wait > TimeSpan.Zero)
        {
            using var stopTimer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(arrivalTask, request, Task.Delay(wait, time, stopTimer.Token));
            await stopTimer.CancelAsync();
        }
        return !arrivalTask.IsCompleted || await arrivalTask;
    }

    /// <inheritdoc/>
    public RoundReport? RunAgain(bool anew)
    {
        if (current is not { } latest) return null;
        if (anew) rounds.Forget();
        RunRound(latest with { ArrivedAt = time.GetTimestamp() });
        return state.LastRound;
    }

    private void Retry()
    {
        planMetrics.RecordRetry();
        RunRound(current! with { ArrivedAt = time.GetTimestamp() });
    }

    private void RunRound(ArrivedSnapshot arrived)
    {
        var node = state.Node;
        var round = rounds.Run(arrived with { Snapshot = state.RecordArrived(arrived.Snapshot) });
        syncMetrics.RecordRound(round.Compile + round.Apply, isFull: state.LastRound is not { Succeeded: true } || !Equals(node, state.Node));
        if (round.Succeeded)
        {
            backOff.Reset();
            retryAt = null;
            changes.RecordApplied(round.Sequence);
            syncMetrics.RecordSynced(round.EndedAt);
        }
        else
        {
            round = round with { RetryIn = backOff.Next() };
            retryAt = round.EndedAt + round.RetryIn;
        }
        RecordHealth(round);
        var isFirst = state.LastRound is null;
        state.RecordCompiled(rounds.Compiled);
        state.RecordRound(round, rounds.Table);
        roundLog.Write(round, rounds.Table);
        // Traffic is steered only by tables that are complete, or as complete as this node can make them.
        if (!state.Hooks.Attached && round.Applied) CheckHooks();
        if (round.Applied && rounds.Table is { } table) state.RecordApplied(table);
        // Reading everything for the first time leaves several times its size behind; later changes are small.
        if (isFirst) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private void RecordHealth(RoundReport round)
    {
        var failed = FamiliesOf(round.Failures);
        foreach (var family in Families)
        {
            if (!failed.Contains(family)) health.RecordSynced(family);
            // What arrived during the last good round was stamped before that round cleared the stamp.
            else health.RecordQueued(family);
        }
    }

    /// <summary>A Service that failed counts for the families that it has; a failure of no Service for both.</summary>
    private HashSet<IpFamily> FamiliesOf(IReadOnlyList<ObjectFailure> failures) =>
    [
        .. failures.SelectMany(f => f.Service is { } name && rounds.Table?.Find(name) is { Ports.IsEmpty: false } service
            ? service.Ports.Select(p => p.Key.Family)
            : Families),
    ];

    private void CheckHooks()
    {
        var inForce = hooks.Check();
        if (inForce) hookBackOff.Reset();
        checkAt = time.GetUtcNow() + (inForce ? settings().SyncPeriod : hookBackOff.Next());
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;
}
