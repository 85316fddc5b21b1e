using System.Threading.Channels;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Refreshes the node when its network or its Node object changes, and at every sync period (contract section 4.1).</summary>
internal sealed class NodeService(NodeKeeper keeper, PipelineState state, TimeSpan period, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Changes come in bursts: a device, its addresses, its routes.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

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

    private void Wake() => wake.Writer.TryWrite(true);

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var watcher = NetworkWatcher.Open();
            Wake();
            await foreach (var _ in watcher.ReadAsync(stoppingToken)) Wake();
        }
        catch (NetlinkException e)
        {
            // The period still finds what changed.
            Log.NodeProblem(logger, e.Message);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await WaitAsync(stoppingToken);
            await Task.Delay(Debounce, time, stoppingToken);
            wake.Reader.TryRead(out _);
            keeper.Refresh();
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var arrival = wake.Reader.WaitToReadAsync(timer.Token).AsTask();
        await Task.WhenAny(arrival, Task.Delay(period, time, timer.Token));
        await timer.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }
}
