using System.Diagnostics;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Cgroups;

/// <summary>
/// A cgroup2 directory that a test owns, with children. Socket hooks act by the cgroup of the process that CREATED a socket, so a
/// client under test has to run below the cgroup an agent is attached to. Dispose kills what still runs inside and removes it.
/// </summary>
public sealed class CgroupScope : IDisposable
{
    private CgroupScope(string path)
    {
        Path = path;
    }

    public string Path { get; }

    /// <summary>Creates a cgroup right below the root of cgroup2.</summary>
    public static CgroupScope Create(string name)
    {
        var path = System.IO.Path.Combine(Root(), name);
        Directory.CreateDirectory(path);
        return new CgroupScope(path);
    }

    /// <summary>Creates (or finds) a child, which goes away with its parent.</summary>
    public CgroupScope Child(string name) => new(Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName);

    /// <summary>Kills every process inside and removes the cgroup with its children.</summary>
    public void Dispose()
    {
        if (!Directory.Exists(Path))
            return;
        File.WriteAllText(System.IO.Path.Combine(Path, "cgroup.kill"), "1");
        Eventually.True(() => !IsPopulated(), $"the processes in {Path} to end");
        Remove(Path);
    }

    internal static CgroupScope Open(string name) => new(System.IO.Path.Combine(Root(), name));

    internal static IEnumerable<string> All()
        => [.. Directory.EnumerateDirectories(Root()).Select(path => System.IO.Path.GetFileName(path))];

    /// <summary>Where cgroup2 is mounted. On hybrid hosts that is below /sys/fs/cgroup/unified; a host without it gets a mount.</summary>
    private static string Root()
    {
        if (MountTable.Find("cgroup2") is { } found)
            return found;
        const string own = "/run/ebpflb-test-cgroup2";
        Directory.CreateDirectory(own);
        using var mount = Process.Start(RepositoryPaths.Tool("mount"), ["-t", "cgroup2", "none", own]);
        mount.WaitForExit();
        return MountTable.Find("cgroup2")
            ?? throw new InvalidOperationException("cgroup2 is not mounted and cannot be: run the tests as root.");
    }

    private bool IsPopulated() =>
        File.ReadLines(System.IO.Path.Combine(Path, "cgroup.events")).Contains("populated 1");

    private static void Remove(string path)
    {
        foreach (var child in Directory.EnumerateDirectories(path))
            Remove(child);
        // The kernel's files inside cannot and need not be deleted: this is rmdir(2).
        Directory.Delete(path);
    }
}
