using System.Threading.Channels;
using EbpfLb.Netlink.Network;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Clients;

/// <summary>
/// Looks at the addresses of network namespaces when one changes (as far as the kernel tells of other namespaces), when devices come
/// and go here, and at every sync period.
/// </summary>
/// <param name="watch">Changes of devices and addresses, here and elsewhere.</param>
internal sealed class ClientService(
    ClientKeeper keeper, Func<CancellationToken, IAsyncEnumerable<NetworkChange>> watch, Func<TimeSpan> period, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>A pod's device, its addresses and routes come in a burst.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(50);

    /// <summary>Between looks at a namespace that waits for its address.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Where there are very many namespaces, looking takes at most a tenth of the time.</summary>
    private const int RestFactor = 10;

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Look now: the period may be another one.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WatchAsync(stoppingToken), RefreshAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The agent ends.
        }
    }

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
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                Log.ClientsUnwatched(logger, e.Message);
            }
            await Task.Delay(period(), time, stoppingToken);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            wake.Reader.TryRead(out _);
            var begin = time.GetTimestamp();
            var again = await Task.Run(keeper.Refresh, stoppingToken);
            var took = time.GetElapsedTime(begin) * RestFactor;
            await WaitAsync(again ? Soon : period(), stoppingToken);
            await Task.Delay(took > Debounce ? took : Debounce, time, stoppingToken);
        }
    }

    private async Task WaitAsync(TimeSpan atMost, CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var arrival = wake.Reader.WaitToReadAsync(timer.Token).AsTask();
        await Task.WhenAny(arrival, Task.Delay(atMost, time, timer.Token));
        await timer.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }
}
