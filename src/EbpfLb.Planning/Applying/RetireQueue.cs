using System.Threading.Channels;

namespace EbpfLb.Planning.Applying;

/// <summary>
/// Phase 6 in the background: batches are retired in order, each after a grace period that began when the batch was there. Batches that
/// arrive while one waits share the next period.
/// </summary>
public sealed class RetireQueue(PlanApplier applier, IGracePeriod grace)
{
    private readonly Channel<RetireBatch> batches = Channel.CreateUnbounded<RetireBatch>(
        new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Never blocks; an empty batch is dropped.</summary>
    public void Enqueue(RetireBatch batch)
    {
        if (!batch.IsEmpty) batches.Writer.TryWrite(batch);
    }

    /// <summary>No more batches: <see cref="RunAsync"/> ends when the last has been retired.</summary>
    public void Complete() => batches.Writer.TryComplete();

    /// <summary>Retires until completed or cancelled. What cannot be cleared is tried again with the next batch.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var waiting = new RetireBatch();
        while (await batches.Reader.WaitToReadAsync(cancellationToken))
        {
            while (batches.Reader.TryRead(out var batch)) waiting.AddRange(batch);
            await grace.WaitAsync(cancellationToken);
            waiting = applier.Retire(waiting);
        }
    }
}
