namespace EbpfLb.Kubernetes.Api;

/// <summary>How long to wait for an API server.</summary>
public sealed record ApiTimeouts
{
    /// <summary>For a connection (name, TCP and TLS).</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the head of an answer, and between two pieces of its body when it is no watch.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// timeoutSeconds of a watch is drawn from this to twice this, so that the watches of many nodes do not end at
    /// once (client-go: 5 to 10 minutes).
    /// </summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch must have ended this long after its timeoutSeconds.</summary>
    public TimeSpan WatchSlack { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Silence allowed in a watch that begins with the whole collection until that is complete. Longer, and the server does not know such
    /// watches, or is slower with them than with a list.
    /// </summary>
    public TimeSpan InitialSilence { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Silence after which a watch that has sent a bookmark counts as dead: bookmarks come about every minute
    /// (KEP-956), so two and a half minutes is two missed.
    /// </summary>
    public TimeSpan BookmarkSilence { get; init; } = TimeSpan.FromSeconds(150);
}
