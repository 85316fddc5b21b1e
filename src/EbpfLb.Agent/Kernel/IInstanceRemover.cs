using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Kernel;

/// <summary>Takes instances out of the kernel.</summary>
internal interface IInstanceRemover
{
    /// <summary>Names of the instances that have pins on this BPF file system.</summary>
    IReadOnlyList<string> List(string? bpfFs);

    /// <summary>The agent that owns the instance, for people; null: none is known.</summary>
    string? OwnerOf(InstanceOptions instance);

    /// <summary>
    /// Removes links, maps and pins, and the BPF file system when an agent mounted it and nothing is in it. Returns what was removed, for
    /// people.
    /// </summary>
    /// <param name="force">Also while an agent owns the instance.</param>
    /// <exception cref="Hosting.StartException">An agent owns it; nothing was removed. Or a pin could not be removed.</exception>
    IReadOnlyList<string> Remove(InstanceOptions instance, bool force);
}
