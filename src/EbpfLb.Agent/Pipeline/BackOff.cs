namespace EbpfLb.Agent.Pipeline;

/// <summary>How long to wait after failures in a row: 1, 2, 4 ... seconds up to a bound.</summary>
internal sealed class BackOff(Func<TimeSpan> longest)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private TimeSpan next = First;

    public TimeSpan Next()
    {
        var most = longest();
        var wait = next < most ? next : most;
        next = 2 * wait;
        return wait;
    }

    public void Reset() => next = First;
}
