namespace EbpfLb.Kubernetes.Api;

/// <summary>Cancels its token when nothing has happened for a while, or when the caller's token is cancelled.</summary>
internal sealed class IdleTimer : IDisposable
{
    private readonly CancellationTokenSource idle;
    private readonly CancellationTokenSource linked;
    private TimeSpan limit;

    public IdleTimer(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        this.limit = limit;
        idle = new CancellationTokenSource(limit, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
    }

    public CancellationToken Token => linked.Token;

    public TimeSpan Limit => limit;

    /// <summary>Whether it was the time that ran out.</summary>
    public bool IsExpired => idle.IsCancellationRequested;

    /// <summary>Something happened: the time starts anew.</summary>
    public void Touch() => idle.CancelAfter(limit);

    /// <summary>The same, with another limit from now on.</summary>
    public void Touch(TimeSpan newLimit)
    {
        limit = newLimit;
        Touch();
    }

    public void Dispose()
    {
        linked.Dispose();
        idle.Dispose();
    }
}
