using System.Globalization;

namespace EbpfLb.Http.Metrics;

/// <summary>What the kernel tells of this process below /proc/self.</summary>
internal static class ProcessLimits
{
    /// <summary>As the Prometheus client libraries write "unlimited".</summary>
    private const double Unlimited = ulong.MaxValue;

    public static double MaxOpenFiles() => Limit("Max open files");

    public static double MaxVirtualMemory() => Limit("Max address space");

    /// <summary>Bytes of address space in use.</summary>
    public static double VirtualMemory()
        => long.Parse(
            File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture) * (double)Environment.SystemPageSize;

    /// <summary>The soft limit.</summary>
    private static double Limit(string name)
    {
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith(name, StringComparison.Ordinal));
        var soft = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return ulong.TryParse(soft, CultureInfo.InvariantCulture, out var value) ? value : Unlimited;
    }
}
