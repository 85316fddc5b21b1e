using EbpfLb.Agent.Options;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Health;

/// <summary>Tries health check ports that could not be had again, also where no change and no sync period brings a reason to.</summary>
internal sealed class ServiceHealthRetry(ServiceHealthServer server, TimeProvider time, ILogger logger)
    : SupervisedService("health check ports", time, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Time.DelayAsync(RetryPeriods.Even, stoppingToken);
            server.Retry();
        }
    }
}
