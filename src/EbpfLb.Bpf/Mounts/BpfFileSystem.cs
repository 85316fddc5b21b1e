using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Finds or mounts the file system that holds pins.</summary>
public static class BpfFileSystem
{
    /// <summary>Where everybody expects it.</summary>
    public const string DefaultPath = "/sys/fs/bpf";

    private const string Type = "bpf";

    /// <summary>A mounted bpffs: the default one if it is there, else any; null when there is none.</summary>
    public static string? Find() => Find(Mount.ReadAll());

    /// <summary>The same on a given mount table.</summary>
    public static string? Find(IReadOnlyList<Mount> mounts)
    {
        var points = mounts.Where(mount => mount.Type == Type).Select(mount => mount.Point).ToList();
        return points.Contains(DefaultPath) ? DefaultPath : points.FirstOrDefault();
    }

    /// <summary>
    /// Mounts a bpffs at the path unless the path is below one already. Never over something: a directory that is there must be empty.
    /// </summary>
    /// <param name="path">A directory; made if missing. A symbolic link counts as what it leads to.</param>
    /// <returns>Whether it was mounted now.</returns>
    /// <exception cref="BpfException">EPERM: mounting needs CAP_SYS_ADMIN. ENOTEMPTY: the directory has something in it.</exception>
    public static bool EnsureMounted(string path = DefaultPath)
    {
        if (Holding(path) is not null)
            return false;
        RequireEmpty(path);
        FileSystems.Mount(Type, path, "mode=0700");
        return true;
    }

    /// <summary>Unmounts the bpffs at the path if this product mounted it and nothing is in it. Returns whether it did.</summary>
    public static bool UnmountOwn(string path) =>
        Holding(path) is { Source: FileSystems.OwnSource } mount
        && FileIdentity.Of(path) == FileIdentity.Of(mount.Point)
        // A dot is in the names of the kernel's own entries (maps.debug, progs.debug), and in no others.
        && Directory.EnumerateFileSystemEntries(path).All(entry => Path.GetFileName(entry).Contains('.'))
        // EBUSY: somebody has a directory of it open.
        && LibC.umount2(mount.Point, 0) == 0;

    /// <summary>Tries to make a directory there, which goes again at once. Null: that can be done; else why not, and what to do.</summary>
    public static string? WhyReadOnly(string path)
    {
        // The kernel keeps names with a dot for itself.
        var trial = Path.Combine(path, $"ebpflb-trial-{Environment.ProcessId}");
        try
        {
            Directory.Delete(Directory.CreateDirectory(trial).FullName);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return Privileges.AdviceOnFiles;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>The path is a bpffs or lies below one.</summary>
    public static bool IsBelow(string path, IReadOnlyList<Mount> mounts) => FileSystems.Holding(path, mounts)?.Type == Type;

    /// <summary>The mount of the bpffs that the path, or what it will lie in, is on; null when that is another file system.</summary>
    public static Mount? Holding(string path)
    {
        var mounts = Mount.ReadAll();
        var existing = Path.GetFullPath(path);
        while (!Path.Exists(existing) && Path.GetDirectoryName(existing) is { } parent) existing = parent;
        var device = FileIdentity.Of(existing)?.Device;
        var same = mounts.Where(m => m.Type == Type && m.Device == device).ToList();
        // By path where it can be: the file system may be mounted at several places.
        return FileSystems.Holding(path, mounts) is { Type: Type } mount && same.Contains(mount) ? mount : same.FirstOrDefault();
    }

    private static void RequireEmpty(string path)
    {
        try
        {
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
            {
                throw new BpfException(Errno.ENOTEMPTY, $"mount {Type} at", path,
                    "it is no BPF file system and something is in it, which would be hidden: name an "
                        + $"empty directory, or one of a BPF file system such as {DefaultPath}");
            }
        }
        catch (UnauthorizedAccessException)
        {
            throw new BpfException(Errno.EACCES, $"mount {Type} at", path, Privileges.AdviceOnFiles);
        }
    }
}
