using System.Globalization;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>The CPUs that the kernel is prepared for (/sys/devices/system/cpu/possible), online or not.</summary>
public static class PossibleCpus
{
    private const string List = "/sys/devices/system/cpu/possible", OnlineList = "/sys/devices/system/cpu/online";

    /// <summary>How many; the number of values per key of a per-CPU map.</summary>
    public static int Count() => Check.Result(LibBpf.libbpf_num_possible_cpus(), "count", "possible CPUs");

    /// <summary>One more than the highest number that bpf_get_smp_processor_id() gives; numbers may be left out.</summary>
    public static int Numbers() => NumbersOf(File.ReadAllText(List));

    /// <summary>The same of the CPUs that are online now; of all that are possible where that cannot be read.</summary>
    public static int OnlineNumbers()
    {
        try
        {
            return NumbersOf(File.ReadAllText(OnlineList));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return Numbers();
        }
    }

    /// <param name="list">"0-3" or "0,2-5".</param>
    internal static int NumbersOf(string list)
        => int.Parse(list.AsSpan().Trim()[(list.AsSpan().Trim().LastIndexOfAny(',', '-') + 1)..], CultureInfo.InvariantCulture) + 1;
}
