using EbpfLb.Timing;

namespace EbpfLb.Kubernetes.Manifests.Watcher;

/// <summary>
/// Says what happened below a path. Events only save the wait for the next look through everything, and losing one loses nothing.
/// </summary>
internal sealed class ManifestWatcher(TimeProvider time) : IDisposable
{
    /// <summary>With more of them than this, looking through everything is no slower.</summary>
    private const int MostNamed = 10_000;

    private readonly WakeablePeriod next = new(time);
    private readonly Lock sync = new();
    private readonly HashSet<string> unfinished = new(StringComparer.Ordinal);
    private HashSet<string> files = new(StringComparer.Ordinal);
    private bool everything = true;
    private Inotify? inotify;
    private volatile bool failed;

    /// <summary>Whether the kernel tells of changes.</summary>
    public bool IsWatching => inotify is not null && !failed;

    /// <summary>Why it does not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Watches what the path leads to now, with its subdirectories.</summary>
    public void Follow(string path)
    {
        var root = DirectoryListing.Resolve(path);
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        var wanted = root is not null ? DirectoryListing.Directories(root) : parent is null ? [] : new HashSet<string>(
            StringComparer.Ordinal) { parent };
        try
        {
            if (failed) Stop();
            inotify ??= new Inotify(Take, End);
            inotify.Keep(wanted);
            var isWatched = false;
            foreach (var directory in wanted) isWatched |= inotify.Add(directory);
            if (isWatched) Failure = null;
            else Stop();
        }
        catch (IOException e)
        {
            Stop();
            Failure = e.Message;
        }
    }

    /// <summary>Waits until something happens or the time is over; true when something happened.</summary>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => next.WaitAsync(longest, cancellationToken);

    /// <summary>There is something that is whole: it need not be waited for.</summary>
    public bool HasWhole
    {
        get
        {
            lock (sync) return everything || files.Count > 0;
        }
    }

    /// <summary>Somebody began to write a file and has not closed it yet.</summary>
    public bool HasUnfinished
    {
        get
        {
            lock (sync) return unfinished.Count > 0;
        }
    }

    /// <summary>What is being written has been quiet for long enough: it is taken as it is.</summary>
    public void Finish()
    {
        lock (sync)
        {
            files.UnionWith(unfinished);
            unfinished.Clear();
        }
    }

    /// <summary>The next look is one through everything.</summary>
    public void Doubt()
    {
        lock (sync) everything = true;
    }

    /// <summary>What happened since the last call.</summary>
    public ManifestChanges Take()
    {
        lock (sync)
        {
            var changes = new ManifestChanges(everything, files, unfinished.ToHashSet(StringComparer.Ordinal));
            everything = false;
            files = new HashSet<string>(StringComparer.Ordinal);
            return changes;
        }
    }

    public void Dispose() => Stop();

    private void Take(InotifyEvent what)
    {
        lock (sync)
        {
            const InotifyEvents unclear = InotifyEvents.IsDirectory | InotifyEvents.QueueOverflow | InotifyEvents.DeleteSelf
                | InotifyEvents.MoveSelf | InotifyEvents.Ignored;
            if ((what.Events & unclear) != InotifyEvents.None)
            {
                // The end of a watch that was not wanted any more says nothing.
                if (what.Directory is null && !what.Events.HasFlag(InotifyEvents.QueueOverflow)) return;
                everything = true;
            }
            else if (what.Directory is null || what.Name.Length == 0) return;
            else if ((what.Events & (InotifyEvents.Modify | InotifyEvents.Create)) != InotifyEvents.None)
                unfinished.Add(Path.Combine(what.Directory, what.Name));
            else
            {
                var path = Path.Combine(what.Directory, what.Name);
                unfinished.Remove(path);
                if (files.Count < MostNamed) files.Add(path);
                else everything = true;
            }
            if (unfinished.Count > MostNamed)
            {
                unfinished.Clear();
                everything = true;
            }
        }
        next.Wake();
    }

    private void End(string reason)
    {
        Failure = reason;
        failed = true;
        Doubt();
        next.Wake();
    }

    private void Stop()
    {
        inotify?.Dispose();
        inotify = null;
        failed = false;
    }
}

/// <summary>What the watcher was told since it was last asked.</summary>
/// <param name="Everything">What changed is not known: all files have to be looked at.</param>
/// <param name="Files">Paths of entries that came, went or were written and closed.</param>
/// <param name="Unfinished">Paths of files that somebody is writing to: what they hold may be half of something.</param>
internal sealed record ManifestChanges(bool Everything, IReadOnlySet<string> Files, IReadOnlySet<string> Unfinished)
{
    public static ManifestChanges All { get; } = new(true, new HashSet<string>(), new HashSet<string>());
}
