using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Cgroups;

/// <summary>
/// A cgroup of the memory controller for a few processes: one of its own in version 1, or one that they have anyway in version 2.
/// </summary>
public sealed class MemoryCgroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup/memory";
    private const string Version1Limit = "memory.limit_in_bytes", Version2Limit = "memory.max";
    private readonly string path;
    private readonly bool isVersion2;

    private MemoryCgroup(string path, bool isVersion2) => (this.path, this.isVersion2) = (path, isVersion2);

    /// <param name="name">One of this process has it.</param>
    /// <returns>null: the machine has no such controller, or has it for cgroup version 2.</returns>
    public static MemoryCgroup? TryCreate(string name)
    {
        if (!File.Exists(Path.Combine(Root, Version1Limit))) return null;
        var path = Path.Combine(Root, $"elb{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-{name}");
        Directory.CreateDirectory(path);
        return new MemoryCgroup(path, isVersion2: false);
    }

    /// <summary>
    /// A directory of cgroup2, in which the memory controller is switched on where the one above it offers it. That one is the caller's,
    /// too, and has no processes itself.
    /// </summary>
    /// <returns>null: the machine has no such controller, or has it for cgroup version 1.</returns>
    public static MemoryCgroup? TryOpen(string directory)
    {
        var limit = Path.Combine(directory, Version2Limit);
        try
        {
            if (!File.Exists(limit)) File.WriteAllText(Path.Combine(directory, "..", "cgroup.subtree_control"), "+memory");
        }
        catch (IOException)
        {
            // ENOENT: not offered from above. EBUSY: processes are in it.
            return null;
        }
        return File.Exists(limit) ? new MemoryCgroup(directory, isVersion2: true) : null;
    }

    /// <summary>What a process is started by so that it is in the cgroup from the beginning; nothing where it is there anyway.</summary>
    public IReadOnlyList<string> Enter
        => isVersion2 ? [] : ["/bin/sh", "-c", $"echo $$ > {path}/cgroup.procs && exec \"$@\"", "sh"];

    /// <summary>Bytes that are charged to it.</summary>
    public long Usage => Number(isVersion2 ? "memory.current" : "memory.usage_in_bytes");

    /// <summary>
    /// Of these, memory of the kernel: what its processes had it allocate, also those that ended. null: the kernel does not count it.
    /// </summary>
    public long? KernelUsage => File.Exists(Path.Combine(path, "memory.kmem.usage_in_bytes")) ? Number("memory.kmem.usage_in_bytes") : null;

    /// <summary>Their ids.</summary>
    public IReadOnlyList<int> Processes
        => [.. File.ReadAllLines(Path.Combine(path, "cgroup.procs")).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <param name="bytes">null: no limit.</param>
    public void Set(long? bytes)
    {
        var text = bytes?.ToString(CultureInfo.InvariantCulture) ?? (isVersion2 ? "max" : "-1");
        try
        {
            File.WriteAllText(Path.Combine(path, isVersion2 ? Version2Limit : Version1Limit), text);
        }
        catch (IOException)
        {
            // EBUSY: it cannot come down to that by taking pages away.
            Console.WriteLine($"memory: the kernel does not lower the limit to {text}");
        }
    }

    public void Dispose()
    {
        if (isVersion2)
        {
            Set(null);
            return;
        }
        foreach (var process in File.ReadAllLines(Path.Combine(path, "cgroup.procs")))
            File.WriteAllText(Path.Combine(Root, "cgroup.procs"), process);
        Eventually.True(TryRemove, $"{path} to be empty");
    }

    private long Number(string file) => long.Parse(File.ReadAllText(Path.Combine(path, file)).Trim(), CultureInfo.InvariantCulture);

    private bool TryRemove()
    {
        try
        {
            Directory.Delete(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
