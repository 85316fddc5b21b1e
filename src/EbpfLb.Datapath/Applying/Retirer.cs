using EbpfLb.Planning.Applying;

namespace EbpfLb.Datapath.Applying;

/// <summary>
/// Gives ids and ranges back when no program can hold them any more. One grace period serves all batches that
/// came in before it began; updates never wait for it.
/// </summary>
internal sealed class Retirer(IGracePeriod grace, Action<RetireBatch> retire) : IAsyncDisposable
{
    private readonly Lock sync = new();
    private readonly CancellationTokenSource stop = new();
    private List<RetireBatch> pending = [];
    private Task worker = Task.CompletedTask;

    public void Add(RetireBatch batch)
    {
        if (batch.IsEmpty) return;
        lock (sync)
        {
            pending.Add(batch);
            if (worker.IsCompleted) worker = Task.Run(WorkAsync);
        }
    }

    /// <summary>Ends when all that was added has been given back.</summary>
    public Task DrainAsync()
    {
        lock (sync) return worker;
    }

    /// <summary>Does not wait for a grace period: what is left is found and given back by the next agent.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await DrainAsync();
        stop.Dispose();
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            List<RetireBatch> batches;
            lock (sync)
            {
                if (pending.Count == 0 || stop.IsCancellationRequested)
                {
                    worker = Task.CompletedTask;
                    return;
                }
                (batches, pending) = (pending, []);
            }
            try
            {
                await grace.WaitAsync(stop.Token);
                batches.ForEach(retire);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
