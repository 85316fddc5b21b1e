using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Counters;
using EbpfLb.Model;

namespace EbpfLb.Agent.Control;

/// <summary>The answer of `ebpflb status`. Its JSON form is an interface: names are added, never changed.</summary>
/// <param name="Origin">"agent", or "maps" when no agent answered and the pinned maps were read.</param>
/// <param name="Failures">Objects that are not in the kernel as wanted, with what to do.</param>
/// <param name="Problems">Objects that cannot be served as they are written.</param>
internal sealed record StatusReport(
    string Origin,
    string Instance,
    string? Version,
    DateTimeOffset? Started,
    bool Ready,
    IReadOnlyList<string> NotReady,
    SourceReport? Source,
    IReadOnlyList<HookStatus> Hooks,
    CanaryStatus? Canary,
    IReadOnlyList<MapStatus> Maps,
    PlanStatus? LastPlan,
    IReadOnlyList<string> Failures,
    IReadOnlyList<string> Problems,
    IReadOnlyList<FeatureStatus> Features)
{
    /// <summary>
    /// Packets that were dropped, or passed though they should not have been, by reason; those that did not happen are left out.
    /// </summary>
    public IReadOnlyList<ReasonStatus> Drops { get; set; } = [];

    /// <summary>Every network device; those with programs first.</summary>
    public IReadOnlyList<DeviceStatus> Devices { get; set; } = [];

    /// <summary>Schedulers in use, as docs/policy.md orders them.</summary>
    public IReadOnlyList<SchedulerStatus> Schedulers { get; set; } = [];

    /// <summary>Addresses of the node that NodePorts answer on; "127.0.0.0/8" and "::1" answer the node itself.</summary>
    public IReadOnlyList<string> NodePortAddresses { get; set; } = [];

    /// <summary>healthCheckNodePorts that this node answers on.</summary>
    public IReadOnlyList<int> HealthCheckNodePorts { get; set; } = [];

    /// <summary>Backends that get no new connections from this node.</summary>
    public IReadOnlyList<DrainRow> Drains { get; set; } = [];

    /// <summary>What does not work on this machine as it is set up, with what to do.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];

    /// <summary>What is not here, as only an agent knows it and none answers.</summary>
    public IReadOnlyList<string> NotKnown { get; set; } = [];
}

/// <param name="LastContact">When it was last known to be up to date.</param>
internal sealed record SourceReport(string Description, bool Synced, DateTimeOffset? LastContact, string? Error)
{
    /// <summary>How long ago that was when the agent answered, by its clock; null: never.</summary>
    public double? ContactAgeSeconds { get; init; }
}

/// <param name="Hook">"connect4".</param>
/// <param name="Cgroup">Where it is attached.</param>
internal sealed record HookStatus(string Hook, string Cgroup, uint LinkId, uint ProgramId)
{
    public static HookStatus Of(AttachedHook hook) => new(hook.Hook, hook.Cgroup, hook.LinkId, hook.ProgramId);
}

internal sealed record CanaryStatus(bool Ok, string? Problem, DateTimeOffset? CheckedAt);

internal sealed record MapStatus(string Name, long Entries, long Capacity);

/// <param name="Snapshot">Number of the snapshot since the agent started.</param>
/// <param name="RetryInSeconds">null when no retry is needed.</param>
internal sealed record PlanStatus(
    long Snapshot, DateTimeOffset EndedAt, int Services, int Operations, int Failed, double CompileMs, double ApplyMs,
    double? RetryInSeconds)
{
    /// <summary>Of <see cref="ApplyMs"/>: writing into the maps.</summary>
    public double WriteMs { get; init; }
}

/// <param name="Available">null: not known yet, right after a start.</param>
/// <param name="Lost">What does not work without it, and why it is missing; null when it is there or not known yet.</param>
internal sealed record FeatureStatus(string Name, bool? Available, string? Lost);

/// <summary>One service port in one family. Its frontends share backends, affinity and counters.</summary>
/// <param name="Service">"namespace/name"; null when only the maps are known.</param>
/// <param name="Family">"IPv4" or "IPv6".</param>
/// <param name="Id">Service port id in the maps; null while it is not programmed.</param>
/// <param name="AffinitySeconds">0: no affinity.</param>
/// <param name="Connections">Begun, by any of the frontends.</param>
/// <param name="Active">Open now.</param>
internal sealed record ServiceRow(
    string? Service,
    string? Port,
    string Protocol,
    string Family,
    uint? Id,
    uint AffinitySeconds,
    ulong Connections,
    ulong Active,
    ulong Datagrams,
    ulong Refused,
    IReadOnlyList<FrontendRow> Frontends)
{
    /// <summary>Who gets a new connection: "random", "wrr", "maglev".</summary>
    public string Scheduler { get; set; } = "";

    /// <summary>When what is programmed of the Service changed last; null: not since the agent started, or no agent answers.</summary>
    public DateTimeOffset? LastChange { get; init; }

    /// <summary>What passed the programs at the devices; null: not counted (--traffic-counts).</summary>
    public Traffic? Traffic { get; init; }

    /// <summary>False: it is not in the kernel, so that nothing is served and the counters, which are 0, say nothing.</summary>
    public bool Programmed { get; set; } = true;

    /// <summary>Why its Service is not in the kernel as it should be, by the last update, with what to do; null: it is.</summary>
    public string? Failure { get; init; }
}

/// <summary>One frontend of a service port.</summary>
/// <param name="Kind">"ClusterIP", "NodePort" (of address 0.0.0.0 or ::), "ExternalIP" or "LoadBalancer".</param>
/// <param name="Policy">The traffic policy that governs this frontend: "Cluster" or "Local".</param>
/// <param name="Backends">In the list that the policy asks for.</param>
/// <param name="NoBackends">Why there are none; null when there are, or when only the maps are known.</param>
internal sealed record FrontendRow(string Address, int PortNumber, string Kind, string Policy, int Backends, string? NoBackends = null);

/// <summary>One backend of a service port.</summary>
/// <param name="ServiceId">Service port id in the maps; null while it is not programmed.</param>
internal sealed record BackendRow(string? Service, string? Port, string Protocol, uint? ServiceId, string Address, int PortNumber)
{
    /// <summary>0: nothing new goes to it.</summary>
    public int Weight { get; set; } = Endpoint.DefaultWeight;

    /// <summary>Begun on this node since it is a backend of the service port; null while it is not programmed.</summary>
    public ulong? Connections { get; init; }

    /// <summary>Of those, open now.</summary>
    public ulong? Open { get; init; }

    /// <summary>What passed the programs at the devices; null: not counted (--traffic-counts), or not programmed.</summary>
    public Traffic? Traffic { get; init; }

    /// <summary>nodeName of its endpoint; null: it has none, or no agent answers.</summary>
    public string? Node { get; init; }

    /// <summary>Of its endpoint; null: not known.</summary>
    public string? Zone { get; init; }

    /// <summary>It is of the node of this agent, as traffic policy Local sees it; null: no agent answers.</summary>
    public bool? Local { get; init; }

    /// <summary>
    /// "ready", "not ready", "terminating, serving", "terminating", "drained" (`ebpflb drain`) or "weight 0"; with ", not used" where no
    /// list has it, and with ", used" where a list has it although it is drained. null: no agent answers.
    /// </summary>
    public string? State { get; init; }
}

/// <summary>How many service ports have a scheduler.</summary>
/// <param name="Weighted">Of those, how many have endpoints of different weight.</param>
internal sealed record SchedulerStatus(string Name, int ServicePorts, int Weighted);

/// <param name="Origin">"agent" or "maps".</param>
internal sealed record ServicesReport(string Origin, IReadOnlyList<ServiceRow> Services);

/// <param name="Origin">"agent" or "maps".</param>
internal sealed record BackendsReport(string Origin, IReadOnlyList<BackendRow> Backends)
{
    /// <summary>Service ports that have no backend.</summary>
    public IReadOnlyList<EmptyPort> Empty { get; set; } = [];
}

/// <summary>A service port without backends, and why.</summary>
/// <param name="Family">"IPv4" or "IPv6".</param>
internal sealed record EmptyPort(string? Service, string? Port, string Protocol, string Family, string Reason);

/// <summary>Where an answer comes from.</summary>
internal static class Origin
{
    public const string Agent = "agent";

    public const string Maps = "maps";
}
