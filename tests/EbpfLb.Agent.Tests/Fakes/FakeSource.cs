using System.Threading.Channels;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>A source that evicts what a test pushes.</summary>
internal sealed class FakeSource : IClusterSource
{
    private readonly Channel<ClusterSnapshot> snapshots = Channel.CreateUnbounded<ClusterSnapshot>();

    public SourceStatus Status { get; set; } = new("fake", false, null, null);

    public void Push(ClusterSnapshot snapshot)
    {
        Status = Status with { IsSynced = true };
        snapshots.Writer.TryWrite(snapshot);
    }

    /// <summary>Ends the sequence, which a real source never does by itself.</summary>
    public void End(Exception? error = null) => snapshots.Writer.Complete(error);

    public IAsyncEnumerable<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken)
        => snapshots.Reader.ReadAllAsync(cancellationToken);
}
