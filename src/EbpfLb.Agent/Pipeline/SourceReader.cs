using System.Threading.Channels;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// The producing end of the pipeline: stamps what the source evicts and hands it on; a snapshot that nobody took yet is replaced.
/// </summary>
internal sealed class SourceReader(
    IClusterSource source,
    ChannelWriter<ArrivedSnapshot> arrivals,
    ChangeTracker changes,
    ProxyHealthTracker health,
    SyncMetrics metrics,
    TimeProvider time)
{
    /// <summary>A channel of one, where the latest wins.</summary>
    public static Channel<ArrivedSnapshot> CreateChannel() => Channel.CreateBounded<ArrivedSnapshot>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });

    /// <summary>Runs until cancelled; completes the channel when the source ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            long sequence = 0;
            await foreach (var snapshot in source.ReadAsync(cancellationToken))
            {
                health.RecordQueued(IpFamily.IPv4);
                health.RecordQueued(IpFamily.IPv6);
                var arrived = new ArrivedSnapshot(snapshot, ++sequence, time.GetTimestamp());
                arrivals.TryWrite(arrived);
                metrics.RecordQueued(time.GetUtcNow());
                // The write queued the loop's continuation on this thread: it goes first, and counting after it.
                await Task.Yield();
                changes.Observe(arrived);
            }
        }
        finally
        {
            arrivals.TryComplete();
        }
    }
}

/// <summary>A state of the cluster on its way to the kernel.</summary>
/// <param name="Sequence">Counts the snapshots of this process, from 1.</param>
/// <param name="ArrivedAt">Timestamp of the clock when the source yielded it.</param>
internal sealed record ArrivedSnapshot(ClusterSnapshot Snapshot, long Sequence, long ArrivedAt);
