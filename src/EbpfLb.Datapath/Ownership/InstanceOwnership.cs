using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Ownership;

/// <summary>
/// One instance, one owner: whoever writes to an instance holds this. It is a lock on the instance's directory in the BPF file system, and
/// a mark that the whole machine sees. Both end with the process, however it ends.
/// </summary>
public sealed class InstanceOwnership : IDisposable
{
    private readonly OwnerMark? mark;
    private readonly InstancePaths paths;
    private readonly Lock sync = new();
    private DirectoryLock held;
    private string? lost;

    private InstanceOwnership(InstancePaths paths, DirectoryLock held, OwnerMark? mark)
    {
        this.paths = paths;
        this.held = held;
        this.mark = mark;
    }

    /// <summary>The BPF file system that the pins are on.</summary>
    public required Mount FileSystem { get; init; }

    /// <summary>It was mounted for this, as there was none.</summary>
    public bool HasMounted { get; private init; }

    /// <summary>Tries once. Unless it succeeds, nothing is left that was not there before.</summary>
    /// <param name="me">This process.</param>
    /// <param name="owner">Who owns it, when nothing was taken; null: somebody, who cannot be named.</param>
    /// <returns>null: somebody else owns the instance.</returns>
    /// <exception cref="BpfException">Maps cannot be made, or the BPF file system cannot be used.</exception>
    public static InstanceOwnership? TryTake(DatapathOptions options, InstanceOwner me, out InstanceOwner? owner)
    {
        var mark = OwnerMark.Create(me);
        try
        {
            // Of two that start together the older mark has it; both see both, as each is made before the looking.
            owner = OwnerMark.ReadAll()?.Where(m => m.Id < mark.Id && m.Owner.ConflictsWith(me)).Select(m => m.Owner).FirstOrDefault();
            if (owner is null)
            {
                var paths = Places.Prepare(options, out var hasMounted);
                if (TryLock(paths) is { } held)
                {
                    var taken = new InstanceOwnership(paths, held, mark)
                    {
                        FileSystem = BpfFileSystem.Holding(paths.Root)
                            ?? throw new BpfException(Errno.ENOENT, "find the mount of", paths.Root),
                        HasMounted = hasMounted,
                    };
                    mark = null;
                    return taken;
                }
                owner = Find(options, me, except: mark.Id);
            }
            return null;
        }
        finally
        {
            mark?.Dispose();
        }
    }

    /// <summary>Who owns the instance now, by the directory that is locked and by the marks; null: nobody, or it cannot be told.</summary>
    public static InstanceOwner? Find(DatapathOptions options)
        => Find(options, InstanceOwner.OfThisProcess(options, "", default), except: 0);

    private static InstanceOwner? Find(DatapathOptions options, InstanceOwner me, uint except)
    {
        var owners = OwnerMark.ReadAll()?.Where(m
            => m.Id != except && m.Owner.Instance == options.Instance).Select(m => m.Owner).ToList() ?? [];
        return owners.Find(me.ConflictsWith) ?? (IsLocked(options) ? owners.FirstOrDefault() : null);
    }

    /// <summary>The instance's directory in this BPF file system is locked by somebody.</summary>
    public static bool IsLocked(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !Directory.Exists(paths.Root)) return false;
        try
        {
            using var mine = DirectoryLock.TryTake(paths.Root);
            return mine is null;
        }
        catch (BpfException e) when (e.Errno == Errno.ENOENT)
        {
            // Its owner let it go meanwhile, and left nothing.
            return false;
        }
    }

    /// <summary>
    /// Why this process is the owner no more; null: it is. Once it is not, it never is again. A directory that somebody removed is made and
    /// locked again, unless another was quicker. Cheap; from any thread.
    /// </summary>
    public string? Check()
    {
        lock (sync)
        {
            if (lost is not null || held.IsInPlace) return lost;
            try
            {
                // Repair mounts it again, then the directory is made.
                if (!BpfFileSystem.IsBelow(paths.BpfFs, Mount.ReadAll())) return null;
                if (TryLock(paths) is { } again)
                {
                    held.Dispose();
                    held = again;
                    return null;
                }
            }
            catch (BpfException e)
            {
                return lost = $"its directory {paths.Root} was removed and cannot be made again: {e.Message}";
            }
            var by = OwnerMark.ReadAll()?.Where(m
                => m.Id != mark?.Id && m.Owner.Instance == paths.Instance).Select(m => m.Owner).FirstOrDefault();
            return lost = $"another agent has taken instance '{paths.Instance}' over ({by?.ToString() ?? "it cannot be named"})";
        }
    }

    /// <summary>It was found out otherwise that another process writes to the instance.</summary>
    public void GiveUp(string reason)
    {
        lock (sync) lost ??= reason;
    }

    /// <summary>Lets others have it. Everything stays in force; a directory in which nothing was pinned is removed.</summary>
    public void Dispose()
    {
        lock (sync)
        {
            // Before the lock is let go: the next owner's directory is not ours to remove.
            if (lost is null && held.IsInPlace) RemoveIfEmpty(paths.Root);
            held.Dispose();
        }
        mark?.Dispose();
    }

    private static void RemoveIfEmpty(string directory)
    {
        try
        {
            // rmdir(2): ENOTEMPTY when something is pinned.
            Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, as it would without this.
        }
    }

    private static DirectoryLock? TryLock(InstancePaths paths)
    {
        while (true)
        {
            try
            {
                Directory.CreateDirectory(paths.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                return DirectoryLock.TryTake(paths.Root);
            }
            catch (BpfException e) when (e.Errno == Errno.ENOENT)
            {
                // `cleanup` removed it in between.
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                throw new BpfException(
                    Errno.EACCES, "make the instance's directory", paths.Root, Privileges.AdviceOnFiles);
            }
        }
    }
}
