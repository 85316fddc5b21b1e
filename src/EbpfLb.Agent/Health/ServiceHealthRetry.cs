using EbpfLb.Agent.Options;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Health;

/// <summary>Tries health check ports that could not be had again, also where no change and no sync period brings a reason to.</summary>
internal sealed class ServiceHealthRetry(ServiceHealthServer server, TimeProvider time, ILogger logger)
    : PeriodicService("health check ports", () => RetryPeriods.Even, time, logger)
{
    protected override Task RunOnceAsync(CancellationToken stoppingToken)
    {
        server.Retry();
        return Task.CompletedTask;
    }
}
