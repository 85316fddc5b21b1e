namespace EbpfLb.Timing;

/// <summary>
/// Waits until a time is over or somebody calls <see cref="Wake"/>. A wake-up that comes while nobody waits is kept, so none is lost
/// between two looks; several count as one. One waiter at a time, any number of wakers, from any thread.
/// </summary>
public sealed class WakeablePeriod(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiting;
    private bool isWoken;

    /// <summary>Ends the wait, or the next one when nobody waits.</summary>
    public void Wake()
    {
        TaskCompletionSource? waiter;
        lock (gate)
        {
            (waiter, waiting) = (waiting, null);
            isWoken |= waiter is null;
        }
        waiter?.TrySetResult();
    }

    /// <summary>Takes the wake-up that is kept: what follows is done because of it. False: there is none.</summary>
    public bool TryTake()
    {
        lock (gate)
        {
            var was = isWoken;
            isWoken = false;
            return was;
        }
    }

    /// <param name="atMost">Of any length; <see cref="Timeout.InfiniteTimeSpan"/> waits for the wake-up alone.</param>
    /// <returns>Whether it was woken; false: the time is over.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource mine;
        lock (gate)
        {
            if (isWoken)
            {
                isWoken = false;
                return true;
            }
            if (waiting is not null)
                throw new InvalidOperationException("somebody waits already; a second waiter needs a period of its own");
            waiting = mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(mine.Task, time.DelayAsync(atMost, timer.Token)).ConfigureAwait(false);
        await timer.CancelAsync().ConfigureAwait(false);
        bool isMine;
        lock (gate)
        {
            isMine = ReferenceEquals(waiting, mine);
            if (isMine) waiting = null;
        }
        cancellationToken.ThrowIfCancellationRequested();
        return !isMine;
    }
}
