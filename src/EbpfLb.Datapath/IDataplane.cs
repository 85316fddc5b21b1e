using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Repair;
using EbpfLb.Datapath.Services;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Datapath;

/// <summary>
/// What the agent needs of the kernel side, in parts; the seam that lets the agent run without a kernel. Who needs a part takes that part
/// only.
/// </summary>
public interface IDataplane : IAsyncDisposable
{
    IServiceTables Services { get; }

    IHooks Hooks { get; }

    INodeKernel Node { get; }

    /// <summary>Knows clients by their network namespace; null: it does without.</summary>
    ClientTable? Clients => null;

    IConntrack Conntrack { get; }

    IDiagnostics Diagnostics { get; }

    /// <summary>
    /// A comparison of all maps with what they should hold. Its scan may run beside <see cref="IServiceTables.Apply"/>; confirming belongs
    /// to the thread of Apply, and what was adopted is repaired by the next one.
    /// </summary>
    ITableVerification NewVerification();
}

/// <summary>The tables of services. <see cref="Apply"/> is called from one thread at a time, everything else from any.</summary>
public interface IServiceTables
{
    /// <summary>Brings the tables to this state. Objects that did not fit are in the outcome; the others are in.</summary>
    ApplyOutcome Apply(ForwardingTable table);

    /// <summary>How giving back the ids of what is gone goes.</summary>
    RetireStatus Retiring { get; }

    /// <summary>The service port that an id stands for; null when it is not programmed.</summary>
    ServicePortKey? FindServicePort(uint id);

    /// <summary>The id of a service port; null while it is not programmed.</summary>
    uint? FindServiceId(ServicePortKey port);

    /// <summary>Ids and counters of those of the service ports that are programmed, as they are now; the caller may keep them.</summary>
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
public interface IHooks
{
    /// <summary>The programs that are attached, and where.</summary>
    IReadOnlyList<AttachedHook> Attached { get; }

    /// <summary>Why the instance is this process's no more, so that nothing is written; null: it is. That never changes back.</summary>
    string? Lost => null;

    /// <summary>Attaches what is not attached, and puts this version's programs into the links that exist.</summary>
    /// <exception cref="BpfException">A hook could not be taken; those before it are. Or another agent has taken the instance
    /// over.</exception>
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

/// <summary>The part of the kernel side that knows the node: its devices, addresses and settings. From any thread.</summary>
public interface INodeKernel
{
    /// <summary>Tells the programs what they must know of the node.</summary>
    NodeResult ApplyNode(NodeState state);

    /// <summary>Puts the programs at the devices that shall have them; before the hooks are in force this is kept for then.</summary>
    IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions);

    /// <summary>What came of it the last time.</summary>
    IReadOnlyList<AttachedDevice> Devices { get; }
}

/// <summary>Flows, and sockets that lead where no endpoint is any more. From any thread.</summary>
public interface IConntrack
{
    /// <summary>The conntrack maps.</summary>
    IReadOnlyList<IFlowMap> FlowMaps { get; }

    /// <summary>Sockets and flows that lead to backends that are gone.</summary>
    IStaleState Stale { get; }

    /// <summary>Lets packets pass unseen again to addresses that nothing goes to any more.</summary>
    /// <exception cref="BpfException">A map cannot be read; nothing has changed.</exception>
    void RebuildFilter();
}

/// <summary>What people and metrics are shown. From any thread.</summary>
public interface IDiagnostics
{
    /// <summary>What this kernel has of what the agent can use.</summary>
    IReadOnlyList<KernelFeature> Features { get; }

    /// <summary>What is wrong with the place of the pins for as long as this process lives, with what to do.</summary>
    IReadOnlyList<string> PlaceProblems => [];

    /// <summary>How often what was put back.</summary>
    IReadOnlyDictionary<RepairKind, long> ReadRepairs();

    /// <summary>How full the tables are.</summary>
    IReadOnlyList<MapFill> ReadMaps();

    /// <summary>Counts by reason since the maps were made.</summary>
    IReadOnlyList<ReasonCount> ReadReasons();

    /// <summary>The count of one reason, with one look-up; zeros while there is none.</summary>
    ReasonCount ReadReason(LbReason reason);

    /// <summary>Drops as the programs tell them; for one reader, who owns it.</summary>
    IEventSource OpenEvents();

    /// <summary>Traces of flows; for one reader, who owns it.</summary>
    /// <exception cref="BpfException">The ring cannot be mapped.</exception>
    ITraceSource OpenTraces();
}
