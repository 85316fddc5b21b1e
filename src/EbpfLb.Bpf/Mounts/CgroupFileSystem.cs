using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Finds or mounts cgroup2, the tree that socket hooks are attached to. Hybrid hosts have it beside cgroup v1.</summary>
public static class CgroupFileSystem
{
    /// <summary>BPF_CGROUP_MAX_PROGS, for each of the cgroups above, which are few.</summary>
    private const int MaxPrograms = 256;

    /// <summary>BPF_F_QUERY_EFFECTIVE.</summary>
    private const uint Effective = 1;

    /// <summary>Of the whole machine's first cgroup.</summary>
    public const ulong RootId = 1;

    /// <summary>The mount point of cgroup2, the one with most of the tree before one of a part; null when there is none.</summary>
    public static string? Find() => Find(Mount.ReadAll());

    /// <summary>The same on a given mount table.</summary>
    public static string? Find(IReadOnlyList<Mount> mounts)
    {
        // In a cgroup namespace, as containers have one, "/" is their own cgroup, and what lies above it begins with "/..".
        return mounts.Where(mount => mount.Type == "cgroup2")
            .OrderByDescending(mount => mount.Root.Split('/').Count(name => name == "..")).ThenByDescending(mount => mount.Root == "/")
            .FirstOrDefault()?.Point;
    }

    /// <summary>The mount point of cgroup2; mounts one of its own when there is none.</summary>
    /// <param name="ownPath">Where to mount in that case.</param>
    /// <exception cref="BpfException">EPERM: mounting needs CAP_SYS_ADMIN.</exception>
    public static string FindOrMount(string ownPath)
    {
        if (Find() is { } found)
            return found;
        FileSystems.Mount("cgroup2", ownPath);
        return ownPath;
    }

    /// <summary>Why a directory is no cgroup of cgroup2, and what to name in its place; null: it is one, or is not there.</summary>
    public static string? WhyNone(string path)
    {
        var mounts = Mount.ReadAll();
        // By device: a path may lead there by a symbolic link.
        if (FileIdentity.Of(path)?.Device is not { } device || mounts.Any(m => m.Type == "cgroup2" && m.Device == device)) return null;
        var type = mounts.FirstOrDefault(m => m.Device == device)?.Type ?? FileSystems.Holding(path, mounts)?.Type;
        return $"{path} is on {(type == "cgroup" ? "cgroup v1" : type ?? "another file system")}, not on cgroup2; "
            + (Find(mounts) is { } found ? $"name {found} or a cgroup below it"
                : "mount one: `mount -t cgroup2 none /sys/fs/cgroup/unified`");
    }

    /// <summary>Opens a cgroup's directory.</summary>
    /// <exception cref="BpfException">ENOENT, ENOTDIR: no such cgroup.</exception>
    public static BpfFd Open(string path) =>
        new(Check.LastError(LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC), "open cgroup", path));

    /// <summary>Ids of the programs that run at a hook of a cgroup: those that are attached to it, and to cgroups above it.</summary>
    /// <exception cref="BpfException">ENOENT: no such cgroup. EINVAL: the kernel has no such hook.</exception>
    public static unsafe uint[] ProgramIds(string path, AttachType type)
    {
        using var cgroup = Open(path);
        var ids = new uint[MaxPrograms];
        uint flags = 0, count = MaxPrograms;
        fixed (uint* pointer = ids)
            Check.Result(LibBpf.bpf_prog_query(cgroup.Value, (uint)type, Effective, &flags, pointer, &count), "read the programs of",
                $"{type} of {path}");
        return ids[..(int)count];
    }

    /// <summary>The id by which the kernel names the cgroup (<see cref="LinkInfo.CgroupId"/>, bpf_get_current_cgroup_id).</summary>
    public static ulong IdOf(string path)
    {
        if (LibC.name_to_handle_at(path, out var id) == -1)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            throw new BpfException(errno, "read id of cgroup", path,
                errno is Errno.ENOENT ? "the cgroup was removed: make it again, or start the agent for another cgroup" : null);
        }
        return id;
    }
}
