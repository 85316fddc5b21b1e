using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>The CPUs that the kernel is prepared for (/sys/devices/system/cpu/possible), online or not.</summary>
public static class PossibleCpus
{
    /// <summary>How many; the number of values per key of a per-CPU map.</summary>
    public static int Count() => Check.Result(LibBpf.libbpf_num_possible_cpus(), "count", "possible CPUs");
}
