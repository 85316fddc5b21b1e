namespace EbpfLb.Kubernetes.Manifests;

/// <summary>What a <see cref="ManifestSource"/> reads and how.</summary>
/// <param name="Path">A directory, read with its subdirectories, or one file. It may appear later.</param>
/// <param name="NodeName">metadata.name of the agent's own node; of other Nodes the addresses are used.</param>
public sealed record ManifestOptions(string Path, string NodeName)
{
    /// <summary>How long files must be quiet after a change before they are read: a save is often several writes.</summary>
    public TimeSpan Debounce { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A change is read at the latest after this time, however busy the directory is.</summary>
    public TimeSpan LongestDebounce { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the directory is looked through although nothing was noticed (files behind symlinks, network file systems).
    /// </summary>
    public TimeSpan Rescan { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same when the kernel cannot tell of changes, for example because inotify has no instances left.</summary>
    public TimeSpan RescanUnwatched { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest file that is read, in bytes.</summary>
    public long LargestFile { get; init; } = 256L << 20;

    /// <summary>
    /// Objects that an API server would refuse are used as far as they can be read, as an agent takes what it gets from one; what is
    /// wrong is told all the same.
    /// </summary>
    public bool IsLenient { get; init; }

    /// <summary>First node port that a Service may ask for; as --service-node-port-range of an API server.</summary>
    public int FirstNodePort { get; init; } = 30000;

    /// <summary>Last node port that a Service may ask for.</summary>
    public int LastNodePort { get; init; } = 32767;

    internal string NodePortRange => $"{FirstNodePort}-{LastNodePort}";

    internal bool IsNodePort(int number) => number >= FirstNodePort && number <= LastNodePort;
}
