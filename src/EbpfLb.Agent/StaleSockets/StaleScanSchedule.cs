using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.StaleSockets;

/// <summary>
/// When the sockets are looked at again. After a change at once, then soon (is any left?), then a second later: a connect() that was under
/// way when its backend went shows only after it. While some are left, less and less often; with none, at the period.
/// </summary>
/// <param name="period">Of the check that finds what nothing told of.</param>
internal sealed class StaleScanSchedule(Func<TimeSpan> period)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FollowUpDelay = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A pass pauses at least so many times as long as it took, also when something changes: it takes at most a tenth of a CPU, as long as
    /// <see cref="LongestPause"/> does not end that pause.
    /// </summary>
    private const int PauseFactor = 9;

    /// <summary>A change is looked at by then, however long the passes take.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private Stage stage = Stage.Quiet;
    private TimeSpan retry = RetryDelay;
    private TimeSpan pause;

    private enum Stage
    {
        Quiet,
        Begun,
        Emptying,
    }

    /// <summary>Nothing is left of the last change.</summary>
    public bool IsAtRest { get; private set; }

    /// <summary>Something changed: the next pass is the first of several.</summary>
    public void Begin() => (stage, retry) = (Stage.Begun, RetryDelay);

    /// <summary>The wait after a pass.</summary>
    /// <param name="found">What it found.</param>
    /// <param name="took">How long it took.</param>
    public TimeSpan After(int found, TimeSpan took)
    {
        IsAtRest = stage == Stage.Quiet && found == 0;
        pause = took * PauseFactor;
        var wait = Next(found, period());
        return pause > wait ? pause : wait;
    }

    /// <summary>What is left of the pause after the last pass when something changes; 0 or less: it is over.</summary>
    /// <param name="since">The end of that pass.</param>
    public TimeSpan Left(TimeSpan since) => (pause < LongestPause ? pause : LongestPause) - since;

    private TimeSpan Next(int found, TimeSpan period)
    {
        if (stage == Stage.Begun || (stage == Stage.Quiet && found > 0))
        {
            (stage, retry) = (Stage.Emptying, RetryDelay);
            return RetryDelay;
        }
        if (stage == Stage.Quiet) return period;
        if (found > 0)
        {
            var longest = RetryPeriods.LongestOf(period);
            return retry = 2 * retry < longest ? 2 * retry : longest;
        }
        stage = Stage.Quiet;
        return FollowUpDelay < period ? FollowUpDelay : period;
    }
}
