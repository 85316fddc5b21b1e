namespace EbpfLb.Bpf;

/// <summary>Finds or mounts the file system that holds pins.</summary>
public static class BpfFileSystem
{
    /// <summary>Where everybody expects it.</summary>
    public const string DefaultPath = "/sys/fs/bpf";

    /// <summary>A mounted bpffs: the default one if it is there, else any; null when there is none.</summary>
    public static string? Find() => Find(Mount.ReadAll());

    /// <summary>The same on a given mount table.</summary>
    public static string? Find(IReadOnlyList<Mount> mounts)
    {
        var points = mounts.Where(mount => mount.Type == "bpf").Select(mount => mount.Point).ToList();
        return points.Contains(DefaultPath) ? DefaultPath : points.FirstOrDefault();
    }

    /// <summary>Mounts a bpffs at the path unless the path is below one already.</summary>
    /// <param name="path">A directory; made if missing.</param>
    /// <exception cref="BpfException">EPERM: mounting needs CAP_SYS_ADMIN.</exception>
    public static void EnsureMounted(string path = DefaultPath)
    {
        if (IsBelow(path, Mount.ReadAll()))
            return;
        FileSystems.Mount("bpf", path, "mode=0700");
    }

    /// <summary>The path is a bpffs or lies below one.</summary>
    public static bool IsBelow(string path, IReadOnlyList<Mount> mounts) => FileSystems.Holding(path, mounts)?.Type == "bpf";
}
