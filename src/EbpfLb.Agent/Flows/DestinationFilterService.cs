using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Flows;

/// <summary>
/// Lets packets to addresses pass unseen again that clients and frontends had once. Each such address costs those packets two lookups, no
/// more, so there is no hurry.
/// </summary>
internal sealed class DestinationFilterService(IConntrack conntrack, TimeProvider time, ILogger logger)
    : PeriodicService("destination filter", () => Period, time, logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override Task RunOnceAsync(CancellationToken stoppingToken)
    {
        try
        {
            conntrack.RebuildFilter();
        }
        catch (BpfException e)
        {
            Log.FilterNotRebuilt(Logger, e.Message);
        }
        return Task.CompletedTask;
    }
}
