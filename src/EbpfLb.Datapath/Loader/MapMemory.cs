using System.Globalization;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loader;

/// <summary>What maps take of the kernel's memory, as the kernel says it ("memlock" of proc(5), /proc/PID/fdinfo).</summary>
internal static class MapMemory
{
    private const string Field = "memlock:";

    /// <summary>Bytes; null: the kernel does not say.</summary>
    public static long? Of(BpfMap map)
    {
        try
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{map.Fd.DangerousGetHandle()}");
            var line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
            var text = line?[Field.Length..].Trim();
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Of all of them; null: the kernel does not say it of one.</summary>
    public static long? Of(IEnumerable<BpfMap> maps) => maps.Aggregate((long?)0, (sum, map) => sum + Of(map));
}
