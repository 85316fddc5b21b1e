namespace EbpfLb.Datapath.Options;

/// <summary>How many answers of their own programs send. 0 is no limit.</summary>
/// <param name="Gap">Between ICMP errors to one address, after a burst of 6.</param>
/// <param name="PerSecond">ICMP errors of the node, and resets of it.</param>
/// <param name="Burst">ICMP errors of the node at once.</param>
public sealed record AnswerLimit(TimeSpan Gap, int PerSecond, int Burst)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The kernel's own defaults of icmp_ratelimit, icmp_msgs_per_sec and icmp_msgs_burst.</summary>
    public static AnswerLimit Default { get; } = new(TimeSpan.FromSeconds(1), 1000, 50);

    internal ulong GapNanoseconds => (ulong)Gap.TotalNanoseconds;

    internal ulong AnswersGapNanoseconds => PerSecond == 0 ? 0 : (ulong)Math.Max(1, NanosecondsPerSecond / PerSecond);
}
