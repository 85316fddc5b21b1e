using System.Threading.Channels;
using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Refreshes the node when its network or its Node object changes, and at every sync period (contract section 4.1).</summary>
internal sealed class NodeService(NodeKeeper keeper, INodeNetwork network, PipelineState state, Func<TimeSpan> period, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Changes come in bursts: a device, its addresses, its routes.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    /// <summary>Where reading is slow (very many routes), it takes at most a tenth of the time.</summary>
    private const int RestFactor = 10;

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something that the node depends on has changed.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        state.OnNodeChanged = Wake;
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
                await foreach (var _ in network.WatchAsync(stoppingToken)) Wake();
            }
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                // Until it is watched again, the period finds what changed.
                Log.NodeUnwatched(logger, e.Message);
            }
            await Task.Delay(period(), time, stoppingToken);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        var rest = Debounce;
        while (true)
        {
            await WaitAsync(stoppingToken);
            await Task.Delay(rest, time, stoppingToken);
            wake.Reader.TryRead(out _);
            var begin = time.GetTimestamp();
            keeper.Refresh();
            var took = time.GetElapsedTime(begin) * RestFactor;
            rest = took > Debounce ? took : Debounce;
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var arrival = wake.Reader.WaitToReadAsync(timer.Token).AsTask();
        await Task.WhenAny(arrival, Task.Delay(period(), time, timer.Token));
        await timer.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }
}
