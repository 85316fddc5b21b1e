namespace EbpfLb.Agent.Options;

/// <summary>
/// How long what failed waits at most for its next try. The sync period says it, as in kube-proxy; but one that means "never look again by
/// yourself" does not mean that what is broken stays so.
/// </summary>
internal static class RetryPeriods
{
    /// <summary>Of rounds, hooks and stale sockets, after waits that double.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Between two tries at an equal distance.</summary>
    public static TimeSpan Even { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait of a series that doubles.</summary>
    public static TimeSpan LongestOf(TimeSpan syncPeriod) => syncPeriod < Longest ? syncPeriod : Longest;

    /// <summary>The wait of a series that does not.</summary>
    public static TimeSpan EvenOf(TimeSpan syncPeriod) => syncPeriod < Even ? syncPeriod : Even;
}
