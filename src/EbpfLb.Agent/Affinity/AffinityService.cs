using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Affinity;

/// <summary>Now and then takes out of session affinity what no connection can use any more, long before its ids come round again.</summary>
internal sealed class AffinityService(IServiceTables tables, TimeProvider time, ILogger logger)
    : PeriodicService("affinity", () => Period, time, logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    protected override Task RunOnceAsync(CancellationToken stoppingToken)
    {
        if (tables.SweepAffinity() is > 0 and var removed) Log.AffinityCollected(Logger, removed);
        return Task.CompletedTask;
    }
}
