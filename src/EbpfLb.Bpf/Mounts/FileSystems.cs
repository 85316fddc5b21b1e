using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>What bpffs and cgroup2 have in common.</summary>
internal static class FileSystems
{
    /// <summary>The source of what is mounted here; by it a mount is known as ours later, in another process too.</summary>
    public const string OwnSource = "ebpflb";

    /// <summary>Mounts a file system that has no device.</summary>
    public static void Mount(string type, string path, string? data = null)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new BpfException(
                Errno.EACCES, $"make the directory to mount {type} at", path, "choose a directory on a writable file system");
        }

        Check.LastError(LibC.mount(OwnSource, path, type, 0, data), $"mount {type} at", path);
    }

    /// <summary>The mount that a path lies on: the longest mount point above it, the latest of equal ones.</summary>
    public static Mount? Holding(string path, IReadOnlyList<Mount> mounts)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        Mount? best = null;
        foreach (var mount in mounts)
        {
            var above = mount.Point == "/" || full == mount.Point || full.StartsWith(mount.Point + "/", StringComparison.Ordinal);
            if (above && mount.Point.Length >= (best?.Point.Length ?? 0))
                best = mount;
        }

        return best;
    }
}
