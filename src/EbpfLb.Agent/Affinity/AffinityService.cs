using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Affinity;

/// <summary>Now and then takes out of session affinity what no connection can use any more, long before its ids come round again.</summary>
internal sealed class AffinityService(IAffinityKernel kernel, TimeProvider time, ILogger logger)
    : SupervisedService("affinity", time, logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Time.DelayAsync(Period, stoppingToken);
            if (kernel.SweepAffinity() is > 0 and var removed) Log.AffinityCollected(Logger, removed);
        }
    }
}

/// <summary>The part of the kernel side that remembers which client has which backend. From any thread.</summary>
internal interface IAffinityKernel
{
    /// <summary>Takes out what names backends that are gone; returns how many.</summary>
    int SweepAffinity();
}
