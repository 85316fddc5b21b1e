using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Flows;

/// <summary>
/// Lets packets to addresses pass unseen again that clients and frontends had once. Each such address costs those packets two lookups, no more, so there
/// is no hurry.
/// </summary>
internal sealed class DoorService(IDataplane dataplane, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                dataplane.RefillDoor();
            }
            catch (BpfException e)
            {
                Log.DoorNotRefilled(logger, e.Message);
            }
        }
    }
}
