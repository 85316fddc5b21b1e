using System.Runtime.CompilerServices;
using EbpfLb.Model;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// A source that is read from the start on: its first snapshot, which takes an API server or a large file a while, is on its way while the
/// kernel verifies the programs. Read once.
/// </summary>
internal sealed class EarlySource : IClusterSource, IAsyncDisposable
{
    private readonly IClusterSource source;
    private readonly CancellationTokenSource stop = new();
    private readonly IAsyncEnumerator<ClusterSnapshot> snapshots;
    private readonly Task<bool> first;

    public EarlySource(IClusterSource source)
    {
        this.source = source;
        snapshots = source.ReadAsync(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        // Some of it is done before anything is waited for.
        first = Task.Run(() => snapshots.MoveNextAsync().AsTask());
    }

    public SourceStatus Status => source.Status;

    public SourceCapabilities Capabilities => source.Capabilities;

    public async IAsyncEnumerable<ClusterSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var cancelled = cancellationToken.Register(stop.Cancel);
        for (var isThere = await first; isThere; isThere = await snapshots.MoveNextAsync()) yield return snapshots.Current;
    }

    /// <summary>Ends the reading. Whoever reads has been cancelled before.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await ((Task)first).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await snapshots.DisposeAsync();
        stop.Dispose();
    }
}
