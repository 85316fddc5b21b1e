namespace EbpfLb.Kubernetes.Reflector;

/// <summary>How a reflector behaves when requests fail.</summary>
public sealed record ReflectorOptions
{
    /// <summary>First waiting time after a failure; each further failure doubles it.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest waiting time, as client-go's.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After the server has been away for this long the collection is listed again instead of resumed. One that was restored
    /// from a backup has lower resource versions than ours; its watch would accept ours and stay silent for good.
    /// </summary>
    public TimeSpan RelistAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// After watches that brought nothing for this long, not even a bookmark, where there were some before, the collection is listed again:
    /// the server may have been restored in less than <see cref="RelistAfter"/>. Of a collection in which nothing changes a server has a
    /// bookmark only when its etcd tells it of progress, which may be every 10 minutes.
    /// </summary>
    public TimeSpan WatchSilence { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Ask for streaming lists (KEP-3157) where the server has them: they cost it no copy of the whole collection in memory.
    /// </summary>
    public bool StreamingLists { get; init; } = true;

    /// <summary>
    /// How long a collection that the server does not have, or does not show us, is left alone where we can do without it.
    /// </summary>
    public TimeSpan OptionalRetry { get; init; } = TimeSpan.FromMinutes(5);
}
