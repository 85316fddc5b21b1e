using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos.Faults;

/// <summary>A cgroup of the memory controller for one process.</summary>
internal sealed class MemoryLimit : IDisposable
{
    private const string Root = "/sys/fs/cgroup/memory";
    private readonly string path;

    private MemoryLimit(string path) => this.path = path;

    /// <returns>null: the machine has no such controller, or has it for cgroup version 2.</returns>
    public static MemoryLimit? TryCreate()
    {
        if (!File.Exists(Path.Combine(Root, "memory.limit_in_bytes"))) return null;
        var path = Path.Combine(Root, $"elb{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-chaos");
        Directory.CreateDirectory(path);
        return new MemoryLimit(path);
    }

    /// <summary>What a process is started by so that it is in the cgroup from the beginning.</summary>
    public string[] Enter => ["/bin/sh", "-c", $"echo $$ > {path}/cgroup.procs && exec \"$@\"", "sh"];

    /// <summary>Bytes that are charged to it.</summary>
    public long Usage
        => long.Parse(File.ReadAllText(Path.Combine(path, "memory.usage_in_bytes")).Trim(), CultureInfo.InvariantCulture);

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
