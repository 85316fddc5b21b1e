using System.Globalization;
using System.Runtime.InteropServices;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>What figures depend on, as the kernel tells it.</summary>
/// <param name="Cpu">Their name.</param>
/// <param name="Cpus">How many this process may use.</param>
/// <param name="IsVirtual">The machine is a virtual one.</param>
/// <param name="Caches">Of the first CPU: "L2 2 MiB", and whether others share it.</param>
/// <param name="MemoryGiB">Rounded.</param>
/// <param name="Kernel">Its version, without what its builder added to it.</param>
/// <param name="Runtime">.NET and its version.</param>
internal sealed record Machine(
    string Cpu, int Cpus, bool IsVirtual, IReadOnlyList<string> Caches, int MemoryGiB, string Kernel, string Runtime)
{
    public override string ToString()
        => $"{Cpus} CPUs {Cpu}{(IsVirtual ? " of a virtual machine" : "")}, {string.Join(", ", Caches)}, {MemoryGiB} GiB of memory; "
            + $"kernel {Kernel}, {Runtime}";

    public static Machine This()
    {
        var cpu = File.ReadLines("/proc/cpuinfo").Select(line => line.Split(':', 2)).Where(line => line.Length == 2)
            .GroupBy(line => line[0].Trim(), line => line[1].Trim()).ToDictionary(line => line.Key, line => line.First());
        var kib = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return new Machine(
            // Kernels of arm64 do not tell the name.
            cpu.GetValueOrDefault("model name") ?? $"{RuntimeInformation.OSArchitecture}", Environment.ProcessorCount,
            cpu.GetValueOrDefault("flags", "").Split(' ').Contains("hypervisor"), [.. ReadCaches()],
            (int)Math.Round(double.Parse(kib, CultureInfo.InvariantCulture) / (1 << 20)),
            File.ReadAllText("/proc/sys/kernel/osrelease").Trim().Split('-')[0], RuntimeInformation.FrameworkDescription);
    }

    /// <summary>The load average of the last minute.</summary>
    public static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static IEnumerable<string> ReadCaches()
    {
        const string All = "/sys/devices/system/cpu/cpu0/cache";
        if (!Directory.Exists(All))
        {
            yield return "caches not known";
            yield break;
        }
        foreach (var cache in Directory.GetDirectories(All, "index*").Order(StringComparer.Ordinal))
        {
            string Read(string file) => File.ReadAllText(Path.Combine(cache, file)).Trim();
            if (Read("type") == "Instruction") continue;
            var kib = int.Parse(Read("size").TrimEnd('K'), CultureInfo.InvariantCulture);
            yield return $"L{Read("level")} {(kib >= 1024 ? $"{kib / 1024} MiB" : $"{kib} KiB")}"
                + (Read("shared_cpu_list") == "0" ? " each" : " shared");
        }
    }
}
