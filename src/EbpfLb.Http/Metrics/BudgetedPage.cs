namespace EbpfLb.Http.Metrics;

/// <summary>
/// A page that costs something to make, and that anybody who reaches the port may ask for as often as he likes: it is made once a second
/// on average, twice in a row at most, and else the last one is answered. From any thread.
/// </summary>
/// <param name="make">Never called twice at once.</param>
internal sealed class BudgetedPage(Func<CancellationToken, Task<ReadOnlyMemory<byte>>> make, TimeProvider time)
{
    /// <summary>Who looks before and after something must not see the same page.</summary>
    private const int InARow = 2;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly long[] madeAt = new long[InARow];
    private Task<ReadOnlyMemory<byte>>? last;
    private int made;

    /// <param name="cancellationToken">Of who asks. The page is made to its end all the same: others wait for it, or get it later.</param>
    public Task<ReadOnlyMemory<byte>> GetAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (last is null || (last.IsCompleted && MayMake()))
            {
                madeAt[made++ % InARow] = time.GetTimestamp();
                // Who asks meanwhile does not wait for the lock.
                last = Task.Run(() => make(CancellationToken.None), CancellationToken.None);
            }
            return last.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Of the last pages, the oldest was made long enough ago.</summary>
    private bool MayMake() => made < InARow || time.GetElapsedTime(madeAt[made % InARow]) >= Period * InARow;
}
