using EbpfLb.Timing;

namespace EbpfLb.Datapath.Flows;

/// <summary>Keeps work below a share of one core: after each slice of work a pause that makes up for it.</summary>
/// <param name="currentShare">0 (exclusive) to 1: no pauses. Asked for at each pause: it can change.</param>
public sealed class SweepPacer(TimeProvider time, Func<double> currentShare)
{
    /// <summary>Shorter than what anything on the machine would notice, longer than what a timer costs.</summary>
    public static TimeSpan Slice { get; } = TimeSpan.FromMilliseconds(5);

    /// <summary>With less the work would never come to its end.</summary>
    public const double LeastShare = 0.001;

    private long resumed = time.GetTimestamp();
    private TimeSpan owed;

    /// <param name="share">0 (exclusive) to 1: no pauses.</param>
    public SweepPacer(TimeProvider time, double share) : this(time, () => share)
    {
    }

    /// <summary>Time worked since <see cref="Begin"/>.</summary>
    public TimeSpan Work { get; private set; }

    public void Begin()
    {
        Work = TimeSpan.Zero;
        resumed = time.GetTimestamp();
    }

    /// <summary>Called after each piece of work; pauses when a slice of it is done.</summary>
    public async ValueTask PaceAsync(CancellationToken cancellationToken)
    {
        Stop();
        var share = currentShare();
        if (owed >= Slice && !(share >= 1))
        {
            // Whatever it was told: a share that is none must not stop the work for ever.
            var least = share >= LeastShare ? share : LeastShare;
            await time.DelayAsync(owed * ((1 - least) / least), cancellationToken);
            owed = TimeSpan.Zero;
        }
        resumed = time.GetTimestamp();
    }

    private void Stop()
    {
        var worked = time.GetElapsedTime(resumed);
        Work += worked;
        owed += worked;
    }
}
