using Microsoft.Extensions.Logging;

namespace EbpfLb.Timing;

/// <summary>A service beside the pipeline that does one thing at a period, the first time when the first period is over.</summary>
/// <param name="name">Short and constant, such as "affinity".</param>
/// <param name="period">Between the end of one run and the begin of the next; of any length. Asked for each time.</param>
public abstract class PeriodicService(string name, Func<TimeSpan> period, TimeProvider time, ILogger logger)
    : SupervisedService(name, time, logger)
{
    protected sealed override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Time.DelayAsync(period(), stoppingToken);
            await RunOnceAsync(stoppingToken);
        }
    }

    /// <summary>What it throws is logged, and the service is started again as <see cref="SupervisedLoop"/> says.</summary>
    protected abstract Task RunOnceAsync(CancellationToken stoppingToken);
}
