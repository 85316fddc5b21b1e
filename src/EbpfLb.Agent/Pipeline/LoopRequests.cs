using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace EbpfLb.Agent.Pipeline;

/// <summary>What others may ask of the pipeline while it is their turn.</summary>
internal interface ISyncTurn
{
    /// <summary>Runs the round of the latest snapshot again; null while there has been none.</summary>
    /// <param name="anew">Compiles without the table before.</param>
    RoundReport? RunAgain(bool anew);
}

/// <summary>Work that belongs on the pipeline's thread, between two rounds: only there nothing else changes tables.</summary>
internal sealed class LoopRequests
{
    private readonly Channel<Action<ISyncTurn>> requests = Channel.CreateUnbounded<Action<ISyncTurn>>(
        new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Has it done by the pipeline and waits for it.</summary>
    public async Task<T> RunAsync<T>(Func<ISyncTurn, T> work, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        requests.Writer.TryWrite(turn =>
        {
            // Nobody waits for it any more, and it may change something.
            if (cancellationToken.IsCancellationRequested)
            {
                done.TrySetCanceled(cancellationToken);
                return;
            }
            try
            {
                done.TrySetResult(work(turn));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                done.TrySetException(e);
            }
        });
        return await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Has the round of the latest snapshot run again: something else that it depends on has changed.</summary>
    public void RunAgain() => requests.Writer.TryWrite(static turn => turn.RunAgain(anew: false));

    /// <summary>Lets the pipeline look at its settings again.</summary>
    public void Wake() => requests.Writer.TryWrite(static _ => { });

    public Task WaitAsync(CancellationToken cancellationToken) => requests.Reader.WaitToReadAsync(cancellationToken).AsTask();

    public bool TryTake([NotNullWhen(true)] out Action<ISyncTurn>? work) => requests.Reader.TryRead(out work);
}
