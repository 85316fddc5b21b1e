namespace EbpfLb.Timing;

/// <summary>Waiting for any length of time. Everything in this repository that waits for a configured time waits here.</summary>
public static class Delays
{
    /// <summary>
    /// Timers of .NET hold 49.7 days at most (uint milliseconds) and Task.Delay throws beyond; longer waits are made of these.
    /// </summary>
    public static TimeSpan LongestSlice { get; } = TimeSpan.FromDays(20);

    /// <summary>
    /// Ends after this time, however long; at once when it is zero or negative; never when it is <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task DelayAsync(this TimeProvider time, TimeSpan duration, CancellationToken cancellationToken)
    {
        if (duration == Timeout.InfiniteTimeSpan)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
            return;
        }
        for (; duration > LongestSlice; duration -= LongestSlice)
            await Task.Delay(LongestSlice, time, cancellationToken).ConfigureAwait(false);
        await Task.Delay(duration > TimeSpan.Zero ? duration : TimeSpan.Zero, time, cancellationToken).ConfigureAwait(false);
    }
}
