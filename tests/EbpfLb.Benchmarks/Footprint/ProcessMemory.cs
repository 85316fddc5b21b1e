using System.Globalization;

namespace EbpfLb.Benchmarks.Footprint;

/// <summary>What a process takes, as the kernel says it; bytes.</summary>
/// <param name="Resident">RSS: pages that it has mapped, those that others have mapped too in full.</param>
/// <param name="Proportional">PSS: a page that n processes have mapped counts an nth, so processes may be added up.</param>
/// <param name="Anonymous">Of PSS, what is no file's: heaps and stacks.</param>
/// <param name="OfMaps">Of PSS, pages of BPF maps that it has mapped: they are memory of the kernel too.</param>
internal sealed record ProcessMemory(double Resident, double Proportional, double Anonymous, double OfMaps)
{
    public const double MiB = 1 << 20;

    private const double KiB = 1 << 10;

    public static ProcessMemory Of(int process)
    {
        // /proc/PID/smaps_rollup of proc(5): "Pss_Anon:   123 kB", after a line with the addresses.
        var values = File.ReadAllLines($"/proc/{process}/smaps_rollup").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture) * KiB);
        return new ProcessMemory(values["Rss:"], values["Pss:"], values["Pss_Anon:"], MappedOf(process));
    }

    /// <summary>/proc/PID/smaps: a line with the addresses and the name of what is mapped there, then lines as above.</summary>
    private static double MappedOf(int process)
    {
        var (sum, isMap) = (0.0, false);
        foreach (var line in File.ReadLines($"/proc/{process}/smaps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!words[0].EndsWith(':')) isMap = line.EndsWith("anon_inode:bpf-map", StringComparison.Ordinal);
            else if (isMap && words[0] == "Pss:") sum += double.Parse(words[1], CultureInfo.InvariantCulture) * KiB;
        }
        return sum;
    }

    /// <summary>Bytes that the kernel says the maps of a process take ("memlock" of their descriptors), each map once.</summary>
    public static double Maps(int process)
    {
        Dictionary<string, double> maps = [];
        foreach (var path in Directory.GetFiles($"/proc/{process}/fdinfo"))
        {
            var lines = LinesOf(path).Select(l => l.Split('\t')).Where(l => l.Length == 2).ToDictionary(l => l[0], l => l[1]);
            if (lines.TryGetValue("map_id:", out var id)) maps[id] = double.Parse(lines["memlock:"], CultureInfo.InvariantCulture);
        }
        return maps.Values.Sum();
    }

    /// <summary>None of a descriptor that was closed meanwhile.</summary>
    private static string[] LinesOf(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }
}
