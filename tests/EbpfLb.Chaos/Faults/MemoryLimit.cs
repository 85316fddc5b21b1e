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

    public void Add(int process) => Write("cgroup.procs", process.ToString(CultureInfo.InvariantCulture));

    /// <param name="bytes">null: no limit.</param>
    public void Set(long? bytes) => Write("memory.limit_in_bytes", (bytes ?? -1).ToString(CultureInfo.InvariantCulture));

    public static long ResidentOf(int process)
    {
        var line = File.ReadLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status")
            .Single(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
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

    /// <summary>The kernel refuses a limit that it cannot come down to by taking pages away: then it stays.</summary>
    private void Write(string file, string text)
    {
        try
        {
            File.WriteAllText(Path.Combine(path, file), text);
        }
        catch (IOException) when (file == "memory.limit_in_bytes")
        {
            Console.WriteLine($"memory: the kernel does not lower the limit to {text}");
        }
    }
}
