using EbpfLb.Agent.Control;
using EbpfLb.Agent.Firewall;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Configuration;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>What the checks share. Each part is read when it is asked for first.</summary>
/// <param name="Config">What the agent has in force, or would have.</param>
/// <param name="Status">Of the agent or of the pinned maps; null: neither is there.</param>
internal sealed class DoctorFacts(InstanceOptions instance, LoadedConfig config, StatusReport? status, TimeProvider time) : IDisposable
{
    private readonly KernelNetwork network = new();
    private readonly Lazy<IReadOnlyList<uint>> ownPrograms = new(() => [.. OwnPrograms(KernelOptions.Of(instance))]);
    private NetworkSnapshot? snapshot;
    private FirewallSurroundings? surroundings;

    public StartOptions Start { get; } = StartOptions.Of(config) with { Instance = instance };

    public LiveOptions Live { get; } = LiveOptions.Of(config);

    public StatusReport? Status => status;

    /// <summary>Where the files are that the configuration names; null: here.</summary>
    public AgentContainer? Container { get; init; }

    /// <summary>Of the agent; null: none answered.</summary>
    public ServicesReport? Services { get; init; }

    /// <summary>Of the agent; null: none answered.</summary>
    public BackendsReport? Backends { get; init; }

    public FirewallSurroundings Surroundings
        => surroundings ??= FirewallSurroundings.Of(Network, ServedDevices, config, IsAgentAlive ? status : null, Services, Backends);

    /// <summary>An agent answered.</summary>
    public bool IsAgentAlive => status?.Origin == Origin.Agent;

    public TimeProvider Time => time;

    public DatapathOptions Kernel { get; } = KernelOptions.Of(instance);

    /// <summary>The agent as it marks its instance; null: none, or it cannot be told.</summary>
    public InstanceOwner? Owner { get; } = TryFindOwner(KernelOptions.Of(instance));

    /// <summary>The agent's process where this one sees it; null: there is none, or it is of another pid namespace.</summary>
    public int? AgentPid => Owner is { } owner && owner.PidNamespace == Namespace("pid") ? owner.Pid : null;

    /// <summary>The agent's devices are those that this process sees.</summary>
    public bool IsAgentsNetwork => Owner is null || Owner.NetNamespace == Namespace("net");

    /// <summary>Why devices cannot be looked at from here; null: they can.</summary>
    public string? NetworkHint => IsAgentsNetwork ? null
        : $"the agent is in another network namespace: `nsenter --net=/proc/{AgentPid?.ToString() ?? "PID"}/ns/net ebpflb doctor`";

    public Sysctls Sysctls => network.Sysctls;

    public NetworkSnapshot Network => snapshot ??= network.Read();

    /// <summary>Devices that have the agent's programs, or would have them.</summary>
    public IReadOnlyList<Link> ServedDevices => IsAgentAlive
        ? [.. Network.Links.Where(l => status!.Devices.Any(d => d.Index == l.Index && d.Role != "none"))]
        : [.. DeviceSelector.Select(Network, Live.Node.Devices with { PodRanges = Live.Node.Detector.KnownRanges(null) })
            .Where(d => d.IsAttached).Select(d => d.Link)];

    /// <summary>Others at which XDP programs of those devices are.</summary>
    public IReadOnlyList<Link> DevicesBelow => !IsAgentAlive ? []
        : [.. Network.Links.Where(l => status!.Devices.Any(d => d.XdpAt == l.Name)).Except(ServedDevices)];

    /// <summary>Ids of the programs that the instance has at sockets and devices.</summary>
    public IReadOnlyList<uint> ProgramsOfInstance => ownPrograms.Value;

    public static IEnumerable<uint> OwnPrograms(DatapathOptions options)
        => Datapath.Inventory.Links(options).Select(l => l.Info.ProgramId)
            .Concat(Datapath.Inventory.Filters(options).Select(f => f.Info.Id)).Distinct();

    /// <summary>"cil_from_netdev (id 12)".</summary>
    public static string NameOf(uint program)
        => Datapath.Inventory.ProgramOf(program) is { } info ? $"{info.Name} (id {program})" : $"id {program}, which has ended";

    public static string Namespace(string kind) => new FileInfo($"/proc/self/ns/{kind}").LinkTarget ?? "";

    public void Dispose() => network.Dispose();

    internal static InstanceOwner? TryFindOwner(DatapathOptions options)
    {
        try
        {
            return InstanceOwnership.Find(options);
        }
        catch (BpfException)
        {
            return null;
        }
    }
}
