using EbpfLb.Datapath;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Policy;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Flows;

/// <summary>
/// Has the programs trace flows as long as somebody looks on, and keeps what they tell. Each second it says anew until when they trace, so
/// that they stop by themselves some seconds after an agent is gone.
/// </summary>
internal sealed class TraceService(
    IDiagnostics diagnostics, TraceHistory history, TraceWatchers watchers, TimeProvider time, ILogger logger)
    : SupervisedService("traces", time, logger)
{
    /// <summary>How often the ring is emptied. It is not waited for, so that a flood costs no more than a full ring each time.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);

    /// <summary>Rounds after which the programs are told anew; a second.</summary>
    private const int RoundsAnew = 10;

    /// <summary>How long the programs trace when nobody tells them anew: more than two ticks of 1.07 s.</summary>
    private const uint Ticks = 3;

    private readonly FlowClock clock = new(time);
    private long lost;

    /// <summary>Traces for which there was no room, since the maps were made.</summary>
    public long Lost => Interlocked.Read(ref lost);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var source = diagnostics.OpenTraces();
        // Of an agent that was killed.
        source.Stop();
        Interlocked.Exchange(ref lost, (long)source.Lost);
        while (true)
        {
            await watchers.WaitAsync(stoppingToken);
            // Those are of before.
            source.Drain(_ => { });
            try
            {
                await FollowAsync(source, stoppingToken);
            }
            finally
            {
                source.Stop();
            }
        }
    }

    /// <summary>Without the canary, which is the agent's own.</summary>
    private void Add(TraceEvent told)
    {
        var asked = told.Frontend.Address;
        if (asked != Canary.FrontendV4.Address && asked != Canary.FrontendV6.Address) history.Add(told);
    }

    private async Task FollowAsync(ITraceSource source, CancellationToken stoppingToken)
    {
        for (var round = 0; ; round++)
        {
            if (round % RoundsAnew == 0)
            {
                if (watchers.Services() is not { } services) return;
                source.Trace(services, clock.Now + Ticks);
            }
            await Time.DelayAsync(Round, stoppingToken);
            source.Drain(record => Add(TraceEvent.Of(record, clock)));
            Interlocked.Exchange(ref lost, (long)source.Lost);
        }
    }
}
