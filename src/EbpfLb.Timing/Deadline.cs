namespace EbpfLb.Timing;

/// <summary>A moment to come, on the monotonic clock: a step of the wall clock neither hurries nor suspends it.</summary>
/// <param name="wait">From now on; a long one is held as well as a short one.</param>
public sealed class Deadline(TimeProvider time, TimeSpan wait)
{
    private readonly long begun = time.GetTimestamp();

    /// <summary>Zero when it has passed.</summary>
    public TimeSpan Left
    {
        get
        {
            var left = wait - time.GetElapsedTime(begun);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public bool HasPassed => Left == TimeSpan.Zero;
}
