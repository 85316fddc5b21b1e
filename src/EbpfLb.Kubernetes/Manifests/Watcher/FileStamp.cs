namespace EbpfLb.Kubernetes.Manifests.Watcher;

/// <summary>
/// What a look at a file without reading it tells. The final target is part of it: a ConfigMap volume changes all its
/// files by turning one symlink (..data), often with files of the same size and time.
/// </summary>
/// <param name="Target">The path behind all symlinks.</param>
internal readonly record struct FileStamp(string Target, long Length, DateTime WriteTime)
{
    /// <summary>
    /// A file written this shortly before it was read may be written again without a new time or length (file systems
    /// count in ticks of up to 2 s). Such a file is read again next time, as git does with its index.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);

    /// <summary>As many links as the kernel follows in one path.</summary>
    private const int MostLinks = 40;

    /// <summary>Whether the content may change without the stamp changing.</summary>
    public bool IsRacy(DateTimeOffset readAt) => readAt.UtcDateTime - WriteTime < Tick;

    /// <summary>Takes the stamp; null when there is no such file.</summary>
    public static FileStamp? Of(FileInfo file)
    {
        file.Refresh();
        if (!file.Exists) return null;
        if (file.LinkTarget is null) return new FileStamp(file.FullName, file.Length, file.LastWriteTimeUtc);
        return file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target
            ? new FileStamp(BehindLinks(target.FullName), target.Length, target.LastWriteTimeUtc)
            : null;
    }

    /// <summary>The path with the links among its directories followed: ResolveLinkTarget looks only at the last part.</summary>
    private static string BehindLinks(string path)
    {
        for (var left = MostLinks; left > 0; left--)
        {
            var directory = new FileInfo(path).Directory;
            while (directory is not null && directory.LinkTarget is null) directory = directory.Parent;
            if (directory?.ResolveLinkTarget(returnFinalTarget: true) is not { } target) return path;
            path = Path.Join(target.FullName, Path.GetRelativePath(directory.FullName, path));
        }
        return path;
    }
}
