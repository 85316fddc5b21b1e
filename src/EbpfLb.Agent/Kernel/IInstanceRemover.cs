using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Kernel;

/// <summary>Takes instances out of the kernel.</summary>
internal interface IInstanceRemover
{
    /// <summary>Names of the instances that have pins on this BPF file system.</summary>
    IReadOnlyList<string> List(string? bpfFs);

    /// <summary>Removes links, maps and pins. Returns what was removed, for people; empty when nothing was there.</summary>
    IReadOnlyList<string> Remove(InstanceOptions instance);
}
