using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Stale;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Stale;

/// <summary>
/// After each round in which backends went, and after the first: ends the sockets and removes the flows that lead there, beside the
/// pipeline. Sockets are looked at until none is left, and now and then without a reason; those that went past a frontend only after
/// rounds in which frontends came.
/// </summary>
internal sealed class StaleService(
    IDataplane dataplane, PipelineState state, StaleMetrics metrics, ConntrackReconcilerMetrics flowMetrics, bool tcp, Func<TimeSpan> period, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Of one core, for the walk over the flows.</summary>
    private const double FlowShare = 0.5;

    private readonly SemaphoreSlim wake = new(0, 1);
    private readonly StaleRhythm rhythm = new(period);
    private bool isFirst = true;
    private volatile bool flowsDue;
    private volatile bool straysDue;
    private StaleSocketReport last = StaleSocketReport.None;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (dataplane.Stale.SocketsProblem is { } problem) Log.SocketsNotFound(logger, problem);
        state.OnRound = OnRound;
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Nothing is stale before the tables say what is right.
        await wake.WaitAsync(stoppingToken);
        rhythm.Begin();
        var strays = false;
        while (true)
        {
            strays |= straysDue;
            straysDue = false;
            var begun = time.GetTimestamp();
            var found = EndSockets(strays);
            var took = time.GetElapsedTime(begun);
            if (flowsDue) await RemoveFlowsAsync(stoppingToken);
            var wait = rhythm.After(found, took);
            strays &= !rhythm.IsAtRest;
            if (await WokenAsync(wait, stoppingToken)) rhythm.Begin();
        }
    }

    /// <summary>On the pipeline's thread.</summary>
    private void OnRound(RoundReport round)
    {
        var udp = isFirst || round.LostBackends.Contains(TransportProtocol.Udp);
        var opened = isFirst || round.OpenedFrontends.Contains(TransportProtocol.Udp);
        isFirst = false;
        if (!udp && !opened && !(tcp && round.LostBackends.Contains(TransportProtocol.Tcp))) return;
        flowsDue |= udp;
        straysDue |= opened;
        if (wake.CurrentCount == 0) wake.Release();
    }

    private async Task<bool> WokenAsync(TimeSpan wait, CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var woken = wake.WaitAsync(timer.Token);
        await Task.WhenAny(woken, Task.Delay(wait, time, timer.Token));
        await timer.CancelAsync();
        await ((Task)woken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stoppingToken.ThrowIfCancellationRequested();
        return woken.IsCompletedSuccessfully;
    }

    private int EndSockets(bool strays)
    {
        try
        {
            var report = dataplane.Stale.EndSockets(tcp, strays);
            metrics.RecordSockets(new StaleReading(
                report.FoundUdp, report.FoundTcp, report.EndedUdp, report.EndedTcp, report.Error is null ? report.OutOfReach : report.Found - report.Ended));
            if (report.Ended > 0) Log.SocketsEnded(logger, report.EndedUdp, report.EndedTcp);
            var isNews = (report.OutOfReach, report.Error) != (last.OutOfReach, last.Error);
            if (isNews && (report.OutOfReach > 0 || report.Error is not null)) Log.SocketsStay(logger, report.OutOfReach, report.Error ?? "");
            last = report;
            return report.Found;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.StaleFailed(logger, e.Message);
            return 1;
        }
    }

    private async Task RemoveFlowsAsync(CancellationToken stoppingToken)
    {
        // First: what goes from now on is another walk's.
        flowsDue = false;
        foreach (var map in dataplane.FlowMaps)
        {
            var begun = time.GetTimestamp();
            try
            {
                var removed = await new StaleFlowRemover(map, dataplane.Stale, new SweepPacer(time, FlowShare)).RemoveAsync(stoppingToken);
                flowMetrics.RecordSync(map.Family, removed, time.GetElapsedTime(begun));
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                Log.StaleFailed(logger, e.Message);
                flowsDue = true;
            }
        }
    }
}
