namespace EbpfLb.Model;

/// <summary>Where the cluster's state comes from: an API server or a directory of manifests.</summary>
public interface IClusterSource
{
    /// <summary>How the source is doing, for status and readiness; may be read from any thread.</summary>
    SourceStatus Status { get; }

    /// <summary>What it can do besides; does not change.</summary>
    SourceCapabilities Capabilities => SourceCapabilities.None;

    /// <summary>
    /// Yields snapshots until cancelled: the first when everything has been listed once, then one after each change.
    /// A slow reader misses intermediate states, never the latest. Failures of the source (server away, broken
    /// file) are retried inside, reported by <see cref="Status"/> and logged; they do not end the sequence.
    /// </summary>
    IAsyncEnumerable<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken);
}

/// <param name="Description">For people: "https://10.0.0.1:6443" or "/etc/ebpflb/manifests".</param>
/// <param name="IsSynced">Everything has been listed at least once.</param>
/// <param name="LastContact">When the source was last known to be up to date (UTC).</param>
/// <param name="Error">What is wrong now and what to do about it; null when nothing is wrong.</param>
public sealed record SourceStatus(string Description, bool IsSynced, DateTimeOffset? LastContact, string? Error)
{
    /// <summary>How long ago <see cref="LastContact"/> was, by a clock that nobody sets; null: never, or not known.</summary>
    public TimeSpan? ContactAge { get; init; }
}
