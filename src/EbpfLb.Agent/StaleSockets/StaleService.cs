using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.StaleSockets;

/// <summary>
/// After each round in which backends went, and after the first: ends the sockets and removes the flows that lead there, beside the
/// pipeline. Sockets are looked at until none is left, and now and then without a reason; those that went past a frontend only after
/// rounds in which frontends came.
/// </summary>
internal sealed class StaleService : SupervisedService
{
    /// <summary>Of one core, for the walk over the flows.</summary>
    private const double FlowShare = 0.5;

    /// <summary>A start has much to do, and much memory to give back.</summary>
    private static readonly TimeSpan StartDelay = TimeSpan.FromSeconds(1);

    private readonly IConntrack conntrack;
    private readonly StaleMetrics metrics;
    private readonly ConntrackReconcilerMetrics flowMetrics;
    private readonly bool tcp;
    private readonly WakeablePeriod next;
    private readonly StaleScanSchedule schedule;
    private bool isFirst = true;
    private volatile bool isBegun;
    private volatile bool flowsDue;
    private volatile bool untranslatedDue;
    private readonly PipelineState state;
    private bool isLoaded;
    private string? lastError;

    public StaleService(
        IConntrack conntrack, PipelineState state, StaleMetrics metrics, ConntrackReconcilerMetrics flowMetrics, bool tcp,
        Func<TimeSpan> period, TimeProvider time, ILogger logger)
        : base("stale", time, logger)
    {
        (this.conntrack, this.state, this.metrics, this.flowMetrics, this.tcp) = (conntrack, state, metrics, flowMetrics, tcp);
        next = new WakeablePeriod(time);
        schedule = new StaleScanSchedule(period);
        // Here and not at the start: the first round may be over by then.
        state.Rounds.Add(OnRound);
    }

    /// <summary>Look now: the period may be another one.</summary>
    public void Wake() => next.Wake();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        // Nothing is stale before the tables say what is right. What the kernel has to check for this shall not keep connections from being
        // translated.
        while (!isBegun || state.Hooks == HookState.None)
            await next.WaitAsync(isBegun ? StartDelay : Timeout.InfiniteTimeSpan, stoppingToken);
        next.TryTake();
        schedule.Begin();
        var untranslated = false;
        while (true)
        {
            untranslated |= untranslatedDue;
            untranslatedDue = false;
            var found = EndSockets(untranslated, out var took);
            var ended = Time.GetTimestamp();
            if (flowsDue) await RemoveFlowsAsync(stoppingToken);
            var wait = schedule.After(found, took);
            untranslated &= !schedule.IsAtRest;
            if (!await next.WaitAsync(wait, stoppingToken)) continue;
            // Flows have a pace of their own.
            if (flowsDue) await RemoveFlowsAsync(stoppingToken);
            if (schedule.Left(Time.GetElapsedTime(ended)) is var left && left > TimeSpan.Zero) await Time.DelayAsync(left, stoppingToken);
            // What came while that was waited for is looked at in the same pass.
            next.TryTake();
            schedule.Begin();
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
        untranslatedDue |= opened;
        isBegun = true;
        next.Wake();
    }

    /// <param name="took">Without the loading of the programs.</param>
    private int EndSockets(bool untranslated, out TimeSpan took)
    {
        var begun = Time.GetTimestamp();
        try
        {
            if (!isLoaded)
            {
                conntrack.Stale.Load();
                isLoaded = true;
                FeatureText.Write(Logger, conntrack.Stale.Features);
                begun = Time.GetTimestamp();
            }
            var report = conntrack.Stale.EndSockets(tcp, untranslated);
            metrics.RecordSockets(new StaleReading(
                report.Udp.Found, report.Tcp.Found, report.Udp.Ended + report.Untranslated.Ended, report.Tcp.Ended,
                report.Error is null ? 0 : Math.Max(0, report.Found - report.Ended)));
            if (untranslated) metrics.RecordUntranslated(report.Untranslated.Found);
            if (report.Ended > 0) Log.SocketsEnded(Logger, report.Udp.Ended, report.Tcp.Ended, report.Untranslated.Ended);
            if (report.Error is not null && report.Error != lastError) Log.SocketsStay(Logger, report.Error);
            lastError = report.Error;
            // What failed is tried again, although nobody knows of how many sockets.
            return report.Error is null ? report.Found : Math.Max(1, report.Found);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            metrics.RecordSockets(null);
            if (untranslated) metrics.RecordUntranslated(null);
            Log.StaleFailed(Logger, e, e.Message);
            return 1;
        }
        finally
        {
            took = Time.GetElapsedTime(begun);
        }
    }

    private async Task RemoveFlowsAsync(CancellationToken stoppingToken)
    {
        // First: what goes from now on is another walk's.
        flowsDue = false;
        foreach (var map in conntrack.FlowMaps)
        {
            var begun = Time.GetTimestamp();
            try
            {
                var removed = await new StaleFlowRemover(map, conntrack.Stale, new SweepPacer(Time, FlowShare)).RemoveAsync(stoppingToken);
                flowMetrics.RecordSync(map.Family, removed, Time.GetElapsedTime(begun));
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                Log.StaleFailed(Logger, e, e.Message);
                flowsDue = true;
            }
        }
    }
}
