namespace EbpfLb.Timing;

/// <summary>How long to wait after failures in a row: 1, 2, 4 ... seconds up to a bound.</summary>
/// <param name="longest">Asked for each time: it can change.</param>
public sealed class BackOff(Func<TimeSpan> longest)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private TimeSpan next = First;

    public BackOff(TimeSpan longest) : this(() => longest)
    {
    }

    public TimeSpan Next()
    {
        var most = longest();
        var wait = next < most ? next : most;
        // The bound may be "never": doubling must not overflow.
        next = wait < TimeSpan.MaxValue / 2 ? 2 * wait : wait;
        return wait;
    }

    public void Reset() => next = First;
}
