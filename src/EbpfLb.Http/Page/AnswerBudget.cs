namespace EbpfLb.Http.Page;

/// <summary>
/// How much time answers may take of the agent: one is made at a time, and all together have a share of one CPU. Who asks for more is
/// refused, which costs next to nothing. Thread-safe.
/// </summary>
/// <param name="share">Of one CPU.</param>
/// <param name="burst">What may be spent at once after a pause.</param>
internal sealed class AnswerBudget(double share, TimeSpan burst, TimeProvider time) : IDisposable
{
    /// <summary>Requests that wait for the one that is being answered; more than a browser sends at once.</summary>
    private const int MostWaiting = 8;

    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly Lock gate = new();
    private TimeSpan spent;
    private long at = time.GetTimestamp();
    private int waiting;

    /// <summary>Makes an answer.</summary>
    /// <returns>null: it was made; else how long to wait before asking again.</returns>
    public async Task<TimeSpan?> RunAsync(Func<Task> answer, CancellationToken cancellationToken)
    {
        if (Wait() is { } early) return early;
        if (Interlocked.Increment(ref waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref waiting);
            return burst;
        }
        try
        {
            await oneAtATime.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
        var begin = time.GetTimestamp();
        try
        {
            if (Wait() is { } late) return late;
            await answer();
            return null;
        }
        finally
        {
            Spend(time.GetElapsedTime(begin));
            oneAtATime.Release();
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    /// <summary>null: there is something left.</summary>
    private TimeSpan? Wait()
    {
        lock (gate)
        {
            var over = Settle() - burst;
            return over >= TimeSpan.Zero ? over / share : null;
        }
    }

    private void Spend(TimeSpan took)
    {
        lock (gate) spent = Settle() + took;
    }

    /// <summary>The caller holds the lock.</summary>
    private TimeSpan Settle()
    {
        var now = time.GetTimestamp();
        spent -= time.GetElapsedTime(at, now) * share;
        if (spent < TimeSpan.Zero) spent = TimeSpan.Zero;
        at = now;
        return spent;
    }
}
