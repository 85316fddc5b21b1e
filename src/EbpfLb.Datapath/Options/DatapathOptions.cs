using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Options;

/// <summary>Where one instance lives and how large it is.</summary>
public sealed record DatapathOptions
{
    public const string DefaultInstance = "default";

    /// <summary>Name of the pin directory; lets several instances live on one kernel.</summary>
    public string Instance { get; init; } = DefaultInstance;

    /// <summary>Cgroup v2 directory whose processes are served; null: the mount's root.</summary>
    public string? CgroupRoot { get; init; }

    /// <summary>Mount point of a BPF file system; null: the one that is mounted, or /sys/fs/bpf after mounting it.</summary>
    public string? BpfFs { get; init; }

    /// <summary>How programs are put at devices.</summary>
    public TcAttachMode TcAttach { get; init; }

    public XdpMode Xdp { get; init; }

    public TunnelOptions Tunnel { get; init; } = TunnelOptions.None;

    /// <summary>null: what suits the machine.</summary>
    public MapSizes? Sizes { get; init; }

    /// <summary>
    /// Those of <see cref="Sizes"/> that nobody asked for; where <see cref="Sizes"/> is null, all. Pinned maps that are larger than such a
    /// size stay as they are.
    /// </summary>
    public IReadOnlySet<TableSize> UnaskedSizes { get; init; } = new HashSet<TableSize>();

    /// <summary>
    /// Optional programs ("lb_find_udp"), and "sock_diag_storage", that are asked for in a way that the kernel refuses. For tests of what
    /// then stands in for them.
    /// </summary>
    public IReadOnlySet<string> RefusedPrograms { get; init; } = new HashSet<string>();

    /// <summary>
    /// Asked before anything is written, once the instance is in force; null: the caller sees to it that nobody else writes.
    /// </summary>
    public InstanceOwnership? Ownership { get; init; }

    /// <summary>What was found out before, to be shown with the rest.</summary>
    public StartFindings Found { get; init; } = new([], []);

    public AnswerLimit Answers { get; init; } = AnswerLimit.Default;

    /// <summary>Count connections per service port.</summary>
    public bool ServiceCounters { get; init; } = true;
}

/// <summary>What is known of the machine before anything is loaded.</summary>
/// <param name="Features">What this kernel has of what the agent can use.</param>
/// <param name="PlaceProblems">What is wrong with the place of the pins for as long as this process lives, with what to do.</param>
public sealed record StartFindings(IReadOnlyList<KernelFeature> Features, IReadOnlyList<string> PlaceProblems);

/// <summary>The machine that runs this, as far as sizes depend on it.</summary>
public static class MachineSizes
{
    /// <summary>By its own memory, not the limit of the agent's container.</summary>
    public static MapSizes Default() => MapSizes.ForMachine(MachineMemory.Bytes(), PossibleCpus.Count());

    /// <summary>Of an agent that counts traffic.</summary>
    public static MapSizes CountingTraffic() => Default().CountingTraffic(MachineMemory.Bytes(), PossibleCpus.Numbers());

    /// <summary>See <see cref="MapSizes.TrafficProblem"/>.</summary>
    public static string? TrafficProblem(MapSizes sizes) => sizes.TrafficProblem(MachineMemory.Bytes(), PossibleCpus.Numbers());

    public static MapCpus Cpus() => new(PossibleCpus.Count(), PossibleCpus.Numbers());
}
