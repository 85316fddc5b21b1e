using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Cgroups;

/// <summary>A cgroup of the memory controller, version 1, for a few processes.</summary>
public sealed class MemoryCgroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup/memory";
    private readonly string path;

    private MemoryCgroup(string path) => this.path = path;

    /// <param name="name">One of this process has it.</param>
    /// <returns>null: the machine has no such controller, or has it for cgroup version 2.</returns>
    public static MemoryCgroup? TryCreate(string name)
    {
        if (!File.Exists(Path.Combine(Root, "memory.limit_in_bytes"))) return null;
        var path = Path.Combine(Root, $"elb{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-{name}");
        Directory.CreateDirectory(path);
        return new MemoryCgroup(path);
    }

    /// <summary>What a process is started by so that it is in the cgroup from the beginning.</summary>
    public IReadOnlyList<string> Enter => ["/bin/sh", "-c", $"echo $$ > {path}/cgroup.procs && exec \"$@\"", "sh"];

    /// <summary>Bytes that are charged to it.</summary>
    public long Usage => Number("memory.usage_in_bytes");

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
        var text = (bytes ?? -1).ToString(CultureInfo.InvariantCulture);
        try
        {
            File.WriteAllText(Path.Combine(path, "memory.limit_in_bytes"), text);
        }
        catch (IOException)
        {
            // EBUSY: it cannot come down to that by taking pages away.
            Console.WriteLine($"memory: the kernel does not lower the limit to {text}");
        }
    }

    public void Dispose()
    {
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
