using System.Net.Sockets;
using EbpfLb.Agent.Options;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Clients;

/// <summary>
/// Looks at the addresses of network namespaces when one changes (as far as the kernel tells of other namespaces), when devices come
/// and go here, and at every sync period.
/// </summary>
/// <param name="watch">Changes of devices and addresses, here and elsewhere.</param>
internal sealed class ClientService(
    ClientKeeper keeper, Func<CancellationToken, IAsyncEnumerable<NetworkChange>> watch, Func<TimeSpan> period, TimeProvider time,
    ILogger logger)
    : SupervisedService("clients", time, logger)
{
    /// <summary>A pod's device, its addresses and routes come in a burst.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(50);

    /// <summary>Between looks at a namespace that waits for its address.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>After watching has ended.</summary>
    private static readonly TimeSpan WatchAgain = TimeSpan.FromSeconds(30);

    /// <summary>Where there are very many namespaces, looking takes at most a tenth of the time.</summary>
    private const int RestFactor = 10;

    private readonly WakeablePeriod next = new(time);

    /// <summary>Look now: the period may be another one.</summary>
    public void Wake() => next.Wake();

    protected override Task RunAsync(CancellationToken stoppingToken)
        => Task.WhenAll(SuperviseAsync("watch", WatchAsync, stoppingToken), SuperviseAsync("refresh", RefreshAsync, stoppingToken));

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                // Routes change often and hardly ever say who somebody is.
                await foreach (var change in watch(stoppingToken))
                    if (change is not RouteChange) Wake();
            }
            catch (Exception e) when (e is NetlinkException or SocketException)
            {
                Log.ClientsUnwatched(Logger, e.Message);
            }
            await Time.DelayAsync(WatchAgain, stoppingToken);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            next.TryTake();
            var begin = Time.GetTimestamp();
            var again = await Task.Run(keeper.Refresh, stoppingToken);
            var took = Time.GetElapsedTime(begin) * RestFactor;
            await next.WaitAsync(again ? RetryDelay : keeper.HasProblem ? RetryPeriods.EvenOf(period()) : period(), stoppingToken);
            await Time.DelayAsync(took > Debounce ? took : Debounce, stoppingToken);
        }
    }
}
