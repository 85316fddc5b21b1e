using EbpfLb.Agent.Clients;
using EbpfLb.Agent.Nodes;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// What the agent needs of the kernel side, in parts; the seam that lets the agent run without a kernel. Who needs a part takes that part
/// only.
/// </summary>
internal interface IDataplane : IAsyncDisposable
{
    IServiceTables Services { get; }

    IHooks Hooks { get; }

    INodeKernel Node { get; }

    /// <summary>The part that knows clients by their network namespace; null: it does without.</summary>
    IClientKernel? Clients => null;

    IConntrack Conntrack { get; }

    IDiagnostics Diagnostics { get; }
}

/// <summary>The tables of services. <see cref="Apply"/> is called from one thread at a time, everything else from any.</summary>
internal interface IServiceTables
{
    /// <summary>Brings the tables to this state. Objects that did not fit are in the outcome; the others are in.</summary>
    ApplyOutcome Apply(ForwardingTable table);

    /// <summary>
    /// A comparison of the maps with what they should hold; it is scanned from any thread, and confirmed on that of <see cref="Apply"/>.
    /// </summary>
    ITableVerification NewVerification();

    /// <summary>How giving back the ids of what is gone goes.</summary>
    RetireStatus Retiring { get; }

    /// <summary>The service port that an id stands for; null when it is not programmed.</summary>
    ServicePortKey? FindServicePort(uint id);

    /// <summary>The id of a service port; null while it is not programmed.</summary>
    uint? FindServiceId(ServicePortKey port);

    /// <summary>Ids and live counters of those of the service ports that are programmed.</summary>
    IReadOnlyDictionary<ServicePortKey, PortCounters> ReadCounters(IEnumerable<ServicePortKey> ports);

    /// <summary>What each backend of a service port counted; none while the port is not programmed.</summary>
    IReadOnlyList<BackendCounters> ReadBackends(ServicePortKey port);

    /// <summary>Forgets which clients had backends that are gone. Returns how many entries that were.</summary>
    int SweepAffinity();
}

/// <summary>
/// What is in force: programs at sockets and devices, and their pins. <see cref="Attach"/>, <see cref="Repair"/> and
/// <see cref="CheckCanary"/> are called from the thread of <see cref="IServiceTables.Apply"/>, everything else from any.
/// </summary>
internal interface IHooks
{
    /// <summary>The programs that are attached, and where.</summary>
    IReadOnlyList<AttachedHook> Attached { get; }

    /// <summary>Why the instance is this process's no more, so that nothing is written; null: it is. That never changes back.</summary>
    string? Lost => null;

    /// <summary>Attaches what is not attached, and puts this version's programs into the links that exist.</summary>
    void Attach();

    /// <summary>Puts back what somebody removed since <see cref="Attach"/>; cheap where nothing changed.</summary>
    void Repair();

    /// <summary>
    /// What is not in force now of what <see cref="Attach"/> put in force, and what must be in the maps for anything to work. Cheap, from
    /// any thread.
    /// </summary>
    IReadOnlyList<Difference> FindFaults() => [];

    /// <summary>Makes connections, one in each family, that only the socket hooks can make right.</summary>
    CanaryResult CheckCanary();
}

/// <summary>Flows, and sockets that lead where no endpoint is any more. From any thread.</summary>
internal interface IConntrack
{
    /// <summary>The conntrack maps.</summary>
    IReadOnlyList<IFlowMap> FlowMaps { get; }

    /// <summary>Sockets and flows that lead to backends that are gone.</summary>
    IStaleState Stale { get; }

    /// <summary>Lets packets pass unseen again to addresses that nothing goes to any more.</summary>
    /// <exception cref="Bpf.BpfException">A map cannot be read; nothing has changed.</exception>
    void RebuildFilter();
}

/// <summary>What people and metrics are shown. From any thread.</summary>
internal interface IDiagnostics
{
    /// <summary>What this kernel has of what the agent can use.</summary>
    IReadOnlyList<KernelFeature> Features { get; }

    /// <summary>What is wrong with the place of the pins for as long as this process lives, with what to do.</summary>
    IReadOnlyList<string> PlaceProblems => [];

    /// <summary>How often what was put back, by short constant names: "link".</summary>
    IReadOnlyDictionary<string, long> ReadRepairs();

    IReadOnlyList<MapReading> ReadMaps();

    /// <summary>Counts by reason since the maps were made.</summary>
    IReadOnlyList<ReasonCount> ReadReasons();

    /// <summary>Drops as the programs tell them; for one reader, who owns it.</summary>
    IEventSource OpenEvents();
}

/// <summary>One object that could not be brought into the kernel.</summary>
/// <param name="Service">null when the failure is not one of a Service.</param>
/// <param name="Message">What happened and what to do about it.</param>
internal sealed record ObjectFailure(ObjectName? Service, string Message)
{
    /// <summary>The table that did not take it, as the kernel shows it; null: no table is at fault.</summary>
    public string? Table { get; init; }

    /// <summary>What the kernel answered; null: it was not asked, as the table is known to be full.</summary>
    public TableError? Error { get; init; }

    public FailureReason Reason { get; init; }

    public override string ToString() => Service is { } service ? $"Service {service}: {Message}" : Message;
}

/// <param name="Operations">Map operations that were carried out.</param>
internal sealed record ApplyOutcome(int Operations, IReadOnlyList<ObjectFailure> Failures)
{
    /// <summary>Protocols of the service ports that lost backends altogether.</summary>
    public IReadOnlySet<TransportProtocol> LostBackends { get; init; } = new HashSet<TransportProtocol>();

    /// <summary>Protocols of the frontends that were none before, or led nowhere, and have backends now.</summary>
    public IReadOnlySet<TransportProtocol> OpenedFrontends { get; init; } = new HashSet<TransportProtocol>();
}

/// <param name="Id">The id that stands for the service port in all maps.</param>
/// <param name="Connections">TCP and connected UDP, begun.</param>
/// <param name="Active">Of those, open now.</param>
internal sealed record PortCounters(uint Id, ulong Connections, ulong Active, ulong Datagrams, ulong Refused);
