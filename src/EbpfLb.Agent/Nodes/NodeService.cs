using System.Net.Sockets;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Netlink;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// Refreshes the node when its network or its Node object changes, and at every sync period (docs/contract.md 4.1); sooner while it is not
/// up to date.
/// </summary>
internal sealed class NodeService : SupervisedService
{
    /// <summary>Changes come in bursts: a device, its addresses, its routes.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    private const int RestFactor = 10;

    /// <summary>After watching has ended.</summary>
    private static readonly TimeSpan WatchAgain = TimeSpan.FromSeconds(30);

    private readonly NodeReconciler keeper;
    private readonly INodeNetwork network;
    private readonly PipelineState state;
    private readonly Func<TimeSpan> period;
    private readonly WakeablePeriod next;

    public NodeService(NodeReconciler keeper, INodeNetwork network, PipelineState state, Func<TimeSpan> period, TimeProvider time,
        ILogger logger) : base("node", time, logger)
    {
        (this.keeper, this.network, this.state, this.period) = (keeper, network, state, period);
        next = new WakeablePeriod(time);
        // Here and not when it begins: what changes before that is kept for then.
        state.NodeChanges.Add(_ =>
        {
            // What is compiled and attached next relies on it.
            if (state.IsClusterKnown && !keeper.KnowsCluster) keeper.Refresh();
            else Wake();
        });
    }

    /// <summary>
    /// How long to wait after a look that took so long: where reading is slow (very many routes), it takes at most a tenth of the time. But
    /// the period that was asked for is kept: on a machine that is short of CPU everything is slow.
    /// </summary>
    internal static TimeSpan RestAfter(TimeSpan took, TimeSpan period)
    {
        var rest = took * RestFactor < period ? took * RestFactor : period;
        return rest > Debounce ? rest : Debounce;
    }

    /// <summary>Something that the node depends on has changed.</summary>
    public void Wake() => next.Wake();

    protected override Task RunAsync(CancellationToken stoppingToken)
        => Task.WhenAll(SuperviseAsync("watch", WatchAsync, stoppingToken), SuperviseAsync("refresh", RefreshAsync, stoppingToken));

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await foreach (var _ in network.WatchAsync(stoppingToken)) Wake();
            }
            catch (Exception e) when (e is NetlinkException or SocketException)
            {
                // Until it is watched again, the period finds what changed.
                Log.NodeUnwatched(Logger, e.Message);
            }
            await Time.DelayAsync(WatchAgain, stoppingToken);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        var rest = Debounce;
        while (true)
        {
            await next.WaitAsync(state.NodeView.Problems.Count > 0 ? RetryPeriods.EvenOf(period()) : period(), stoppingToken);
            await Time.DelayAsync(rest, stoppingToken);
            next.TryTake();
            var begin = Time.GetTimestamp();
            keeper.Refresh();
            rest = RestAfter(Time.GetElapsedTime(begin), period());
        }
    }
}
