using EbpfLb.Timing;

namespace EbpfLb.Kubernetes.Manifests.Watching;

/// <summary>
/// Says that something happened below a path. What it was is for the listing to find out: events only save the wait
/// for the next look, and losing one loses nothing.
/// </summary>
internal sealed class ManifestWatcher(TimeProvider time) : IDisposable
{
    private readonly WakeablePeriod next = new(time);
    private FileSystemWatcher? watcher;
    private string? watched;
    private volatile bool failed;

    /// <summary>Whether the kernel tells of changes.</summary>
    public bool IsWatching => watcher is not null && !failed;

    /// <summary>Why it does not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Watches the path, anew when it leads elsewhere by now (a symlink was turned, a directory replaced).</summary>
    public void Follow(string path)
    {
        var directory = DirectoryListing.Resolve(path) ?? Path.GetDirectoryName(Path.GetFullPath(path));
        if (watcher is not null && !failed && directory == watched) return;
        Stop();
        if (directory is null || !Directory.Exists(directory)) return;
        try
        {
            Start(directory);
            watched = directory;
            Failure = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or PlatformNotSupportedException)
        {
            Stop();
            Failure = e.Message;
        }
    }

    /// <summary>Waits until something happens or the time is over; true when something happened.</summary>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => next.WaitAsync(longest, cancellationToken);

    public void Dispose() => Stop();

    private void Start(string directory)
    {
        watcher = new FileSystemWatcher(directory)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
        };
        watcher.Changed += (_, _) => next.Wake();
        watcher.Created += (_, _) => next.Wake();
        watcher.Deleted += (_, _) => next.Wake();
        watcher.Renamed += (_, _) => next.Wake();
        watcher.Error += (_, e) =>
        {
            // Too many events at once is one event more; anything else ends the watch, and the next look makes a new one.
            if (e.GetException() is not InternalBufferOverflowException) failed = true;
            next.Wake();
        };
        failed = false;
        watcher.EnableRaisingEvents = true;
    }

    private void Stop()
    {
        watcher?.Dispose();
        watcher = null;
        watched = null;
    }
}
