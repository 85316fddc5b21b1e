using System.Collections.Immutable;
using System.Security.Cryptography;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Kubernetes.Manifests.Watcher;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>
/// What the files hold, file by file: reads those that changed, keeps the last good content of broken ones and the
/// last good form of refused objects. Not thread-safe.
/// </summary>
internal sealed class ManifestStore
{
    private readonly ManifestOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ManifestReader reader;
    private readonly SortedDictionary<string, KnownFile> files = new(StringComparer.Ordinal);
    private readonly List<FileChange> changes = [];
    private bool hasLinks;

    public ManifestStore(ManifestOptions options, TimeProvider time, ILogger logger)
    {
        this.options = options;
        this.time = time;
        this.logger = logger;
        reader = new ManifestReader(
            options,
            warning => Log.ManifestFieldIgnored(logger, warning),
            (file, version, kind) => Log.ManifestKindIgnored(logger, file, version, kind));
    }

    /// <summary>Whether the path was there at the last look.</summary>
    public bool IsThere { get; private set; }

    /// <summary>The files with what is in use of each, in the order in which the first of two equal names wins.</summary>
    public IEnumerable<(string File, ManifestContent Content)> Files => files.Select(f => (f.Key, f.Value.Content));

    /// <summary>What is wrong with files and objects by themselves.</summary>
    public IEnumerable<ManifestProblem> Problems => files.Values.SelectMany(f => f.Broken is null ? f.Content.Problems : [f.Broken]);

    /// <summary>How many <see cref="Files"/> there are.</summary>
    public int Count => files.Count;

    /// <summary>What the last <see cref="Refresh(ManifestChanges)"/> found to be different, each file once.</summary>
    public IReadOnlyList<FileChange> Changes => changes;

    /// <summary>
    /// Looks at all files, or only at those that changed where it is known which these are. A path that is not there changes nothing: an
    /// unmounted volume must not take the services away. Returns whether anything is different.
    /// </summary>
    public bool Refresh(ManifestChanges notified)
    {
        changes.Clear();
        if (!IsThere || notified.Everything || NamesOf(notified.Files) is not { } names) RefreshAll(notified.Unfinished);
        else
        {
            foreach (var (name, path) in names) Look(name, new FileInfo(path));
        }
        return changes.Count > 0;
    }

    /// <summary>Names of the manifests among the paths; null when one of the others may be what a manifest links to.</summary>
    private List<(string Name, string Path)>? NamesOf(IReadOnlySet<string> paths)
    {
        var root = DirectoryListing.Resolve(options.Path);
        var single = root is null ? Path.GetFullPath(options.Path) : null;
        List<(string Name, string Path)> names = [];
        foreach (var path in paths)
        {
            var isManifest = single is null ? DirectoryListing.IsManifest(Path.GetFileName(path.AsSpan())) : path == single;
            if (isManifest) names.Add((single is null ? Path.GetRelativePath(root!, path) : Path.GetFileName(path), path));
            else if (hasLinks) return null;
        }
        return names;
    }

    private void RefreshAll(IReadOnlySet<string> unfinished)
    {
        var found = DirectoryListing.Read(options.Path);
        IsThere = found is not null;
        if (found is null) return;
        hasLinks = false;
        foreach (var gone in files.Keys.Where(name => !found.ContainsKey(name)).ToList()) Forget(gone);
        foreach (var (name, info) in found)
        {
            // Who has written half of it tells when it is whole.
            if (!unfinished.Contains(info.FullName)) Look(name, info);
        }
    }

    private void Look(string name, FileInfo info)
    {
        var before = files.GetValueOrDefault(name);
        if (!Refresh(name, info)) return;
        changes.Add(
            new FileChange(name, before?.Content ?? ManifestContent.Empty, files.GetValueOrDefault(name)?.Content ?? ManifestContent.Empty)
        {
            HasProblems = before is { HasProblems: true } || files.GetValueOrDefault(name) is { HasProblems: true },
        });
    }

    private void Forget(string name)
    {
        if (files.Remove(name, out var gone))
            changes.Add(new FileChange(name, gone.Content, ManifestContent.Empty) { HasProblems = gone.HasProblems });
    }

    private bool Refresh(string name, FileInfo info)
    {
        files.TryGetValue(name, out var known);
        var now = time.GetUtcNow();
        try
        {
            // A symlink to nothing counts as no file.
            if (FileStamp.Of(info) is not { } stamp) return files.Remove(name);
            hasLinks |= stamp.Target != info.FullName;
            if (known is not null && known.Stamp == stamp && !known.IsRacy) return false;
            if (stamp.Length > options.LargestFile)
                return Break(name, known, $"{stamp.Length} bytes; {options.LargestFile} are the most: split the file");
            if (stamp.Length >= ListReading.SmallestFile && ReadList(name, info, known) is { } list)
            {
                var isRacyList = stamp.IsRacy(now) || FileStamp.Of(info) != stamp;
                if (ReferenceEquals(list, known?.List))
                {
                    files[name] = known! with { Stamp = stamp, IsRacy = isRacyList };
                    return false;
                }
                files[name] = new KnownFile(new ManifestContent([.. list.Objects.OfType<ManifestObject>()], [], []),
                    null) { Stamp = stamp, IsRacy = isRacyList, List = list };
                return true;
            }
            var content = ReadAll(info, stamp.Length);
            var hash = SHA256.HashData(content);
            // Written while it was read: look again at the next round, which the writing has asked for.
            var isRacy = stamp.IsRacy(now) || FileStamp.Of(info) != stamp;
            if (known is { Hash: not null } && hash.AsSpan().SequenceEqual(known.Hash))
            {
                files[name] = known with { Stamp = stamp, IsRacy = isRacy };
                return false;
            }
            files[name] = Read(name, content, known) with { Stamp = stamp, IsRacy = isRacy, Hash = hash };
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Break(name, known, $"cannot be read: {e.Message}; check that the agent may read it");
        }
    }

    /// <summary>A large List; what was read before when it is the same. null: it is to be read as a whole.</summary>
    private ListContent? ReadList(string name, FileInfo info, KnownFile? known)
    {
        using var stream = Open(info);
        var list = reader.ReadList(name, stream, known?.List);
        return list is not null && known is { Broken: null, List: { } before } && list.Hashes.AsSpan().SequenceEqual(before.Hashes) ? before
            : list;
    }

    private KnownFile Read(string name, ReadOnlyMemory<byte> content, KnownFile? known)
    {
        var before = known?.Content ?? ManifestContent.Empty;
        try
        {
            var read = reader.Read(name, content, out var broken);
            return read is null
                ? new KnownFile(before, broken)
                : new KnownFile(read with { Objects = [.. read.Objects, .. KeptFrom(before, read)] }, null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A reader that fails on one strange file must not take the other files with it.
            Log.ManifestReaderFailed(logger, e, name);
            return new KnownFile(before,
                new ManifestProblem(
                    true, name, 1, 1, "", "", $"the file could not be understood ({e.GetType().Name}); correct or remove it"));
        }
    }

    /// <summary>
    /// Objects that were good before and are refused now stay as they were, as with an update that an API server refuses.
    /// </summary>
    private static IEnumerable<ManifestObject> KeptFrom(ManifestContent before, ManifestContent now)
    {
        if (now.Refused.IsEmpty) return [];
        var refused = now.Refused.ToHashSet();
        refused.ExceptWith(now.Objects.Select(o => o.Identity));
        return before.Objects.Where(o => refused.Contains(o.Identity)).DistinctBy(o => o.Identity);
    }

    private bool Break(string name, KnownFile? known, string reason)
    {
        var problem = new ManifestProblem(true, name, 1, 1, "", "", reason);
        if (known?.Broken == problem) return false;
        files[name] = new KnownFile(known?.Content ?? ManifestContent.Empty, problem);
        return true;
    }

    private static byte[] ReadAll(FileInfo file, long length)
    {
        // Pipes and devices have no length and are never opened: reading one could wait for ever.
        if (length == 0) return [];
        using var stream = Open(file);
        var content = GC.AllocateUninitializedArray<byte>((int)length);
        var read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return read == content.Length ? content : content[..read];
    }

    private static FileStream Open(FileInfo file)
        => new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan);

    /// <param name="Content">What is in use; the last good content of a broken file.</param>
    /// <param name="Broken">Why the file cannot be read now.</param>
    private sealed record KnownFile(ManifestContent Content, ManifestProblem? Broken)
    {
        public FileStamp Stamp { get; init; }

        public bool IsRacy { get; init; }

        /// <summary>SHA-256 of what was read last; null when it could not be read.</summary>
        public byte[]? Hash { get; init; }

        /// <summary>Of a large List that was read piece by piece.</summary>
        public ListContent? List { get; init; }

        public bool HasProblems => Broken is not null || !Content.Problems.IsEmpty;
    }
}

/// <summary>A file that was read anew, came or went.</summary>
/// <param name="Before">What was in use of it; empty when it was not there.</param>
/// <param name="After">What is in use of it now.</param>
internal sealed record FileChange(string File, ManifestContent Before, ManifestContent After)
{
    /// <summary>Something was or is wrong with the file or its objects by themselves.</summary>
    public bool HasProblems { get; init; }
}
