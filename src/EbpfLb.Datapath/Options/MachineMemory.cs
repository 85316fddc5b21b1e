namespace EbpfLb.Datapath.Options;

/// <summary>Memory of the machine as /proc/meminfo has it (proc_meminfo(5)).</summary>
internal static class MachineMemory
{
    private const long WhenUnknown = 4L << 30;

    /// <summary>Bytes of MemTotal.</summary>
    public static long Bytes(string path = "/proc/meminfo")
    {
        foreach (var line in File.ReadLines(path))
        {
            // "MemTotal:       24678996 kB"
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts is ["MemTotal:", var kib, ..] && long.TryParse(kib, out var value)) return value << 10;
        }
        return WhenUnknown;
    }
}
