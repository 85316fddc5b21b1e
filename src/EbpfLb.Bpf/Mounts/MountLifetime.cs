using System.Globalization;

namespace EbpfLb.Bpf;

/// <summary>
/// Whether a mount ends with this process's mount namespace, as one made inside a container does. Process 1 tells: its mounts are the
/// machine's, unless it is the container's own.
/// </summary>
/// <param name="InitMounts">What process 1 sees; null: that may not be read.</param>
/// <param name="IsMachinePidNamespace">Process 1 is the machine's.</param>
/// <param name="IsContainersFirst">This process is process 1, or its child.</param>
public sealed record MountLifetime(IReadOnlyList<Mount>? InitMounts, bool IsMachinePidNamespace, bool IsContainersFirst)
{
    /// <summary>Inode of the first pid namespace (PROC_PID_INIT_INO).</summary>
    private const string MachinePidNamespace = "pid:[4026531836]";

    /// <summary>As it is for this process.</summary>
    public static MountLifetime OfThisProcess()
    {
        var init = Read("/proc/1/mountinfo");
        return new MountLifetime(
            init is null ? null : Mount.Parse(init),
            new FileInfo("/proc/self/ns/pid").LinkTarget == MachinePidNamespace,
            Environment.ProcessId == 1 || ParentId() == 1);
    }

    /// <summary>Nothing outside of this mount namespace has the file system, so it is gone with the last process in it.</summary>
    public bool EndsWithNamespace(Mount mount)
    {
        if (InitMounts is not null && !InitMounts.Any(m => m.Type == mount.Type && m.Device == mount.Device)) return true;
        // What a container was given was mounted by others, or comes from outside.
        return !IsMachinePidNamespace && IsContainersFirst && mount is { Source: FileSystems.OwnSource, IsPropagated: false };
    }

    /// <summary>The name in parentheses may hold anything; behind it come state and parent (proc(5)).</summary>
    private static int ParentId()
    {
        var fields = Read("/proc/self/stat")?.Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is [_, var parent, ..] && int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
