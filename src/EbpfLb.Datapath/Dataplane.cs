using System.Net;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.Repair;
using EbpfLb.Datapath.Services;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Datapath.Tables;
using EbpfLb.Datapath.Verification;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath;

/// <summary>
/// The kernel side of one instance: maps, programs and links. Closing it leaves everything in force; the next agent goes on
/// where this one stopped. <see cref="Apply"/> and <see cref="Attach"/> belong to one thread; reading is free.
/// </summary>
public sealed class Dataplane : IAsyncDisposable
{
    private readonly LoadedProgram loaded;
    private readonly KernelTables tables;
    private readonly InstanceHold hold;
    private readonly SocketAttacher sockets;
    private readonly DeviceHooks devices;
    private readonly HookSet hooks;
    private readonly ServiceTables services;
    private readonly NodeTables node;
    private readonly ClientTable clients;
    private readonly ServiceAddresses addresses;
    private readonly FilterRebuild filter;
    private readonly Repairs repairs;
    private readonly string cgroup;

    private Dataplane(
        LoadedProgram loaded, DatapathOptions options, InstancePaths paths, string cgroup, TableLimits limits, ILogger logger)
    {
        (this.loaded, this.cgroup) = (loaded, cgroup);
        tables = KernelTables.Open(loaded.Maps);
        repairs = new Repairs(logger);
        sockets = new SocketAttacher(paths, cgroup);
        hold = new InstanceHold(paths, options.Ownership, sockets, loaded);
        var deviceAttacher = DeviceAttacher.Create(options.TcAttach, paths);
        devices = new DeviceHooks(deviceAttacher, loaded, paths, repairs, hold);
        var mirror = tables.ReadMirror(limits);
        node = tables.ReadNode(mirror.NodePorts);
        clients = tables.ReadClients();
        addresses = tables.ReadServiceAddresses(node, () => mirror.Closed);
        // The flows of programs that know no destination filter have no bits.
        tables.DestinationFilter.Disable();
        FlowMaps = FlowMaps.Open(loaded.Maps);
        filter = new FilterRebuild(tables, FlowMaps);
        var faults = new FaultFinder(paths, loaded, sockets, deviceAttacher, tables, node, addresses, mirror);
        hooks = new HookSet(loaded, sockets, devices, filter, hold, faults, paths, repairs, logger);
        Stale = new StaleState(
            () => SocketPrograms.Load(loaded.Maps, cgroup, options, logger), new BackendCheck(mirror, tables.ForPlans.Backends),
            new NetworkNamespaces()) { IsOurs = () => hold.Lost is null };
        services = new ServiceTables(tables, mirror, node, addresses, hold, logger);
    }

    /// <summary>What the kernel holds, as far as plans are concerned.</summary>
    public Mirror Mirror => services.Mirror;

    /// <summary>The conntrack maps. Owned by this.</summary>
    public FlowMaps FlowMaps { get; }

    /// <summary>Sockets and flows that lead to backends that are gone. Owned by this.</summary>
    public StaleState Stale { get; }

    /// <summary>What was found pinned and is used on, and what was made anew.</summary>
    public bool ReusedMaps => loaded.Maps.Created.Count == 0;

    /// <summary>What <see cref="Attach"/> put in force.</summary>
    public IReadOnlyList<AttachedHook> Hooks => hooks.Attached;

    /// <summary>The devices that shall have programs, and what came of it the last time.</summary>
    public IReadOnlyList<AttachedDevice> Devices => devices.Attached;

    /// <summary>Loads the programs and finds or makes the maps. Nothing is in force yet that was not before.</summary>
    /// <exception cref="BpfException">What the kernel refused, with its reason and what to do.</exception>
    public static Dataplane Open(DatapathOptions options, ILoggerFactory loggerFactory)
    {
        var logger = loggerFactory.CreateLogger("EbpfLb.Datapath");
        var paths = Places.Prepare(options);
        var cgroup = Places.CgroupRoot(options);
        var sizes = options.Sizes ?? MachineSizes.Default();
        ObjectMemory.GiveBack();
        InterruptedHandover.Undo(paths, logger);
        var loaded = ProgramLoader.LoadMaps(paths, sizes, options, logger);
        try
        {
            Task.WhenAll(loaded.Parts.Select(Task.Run)).GetAwaiter().GetResult();
            SayMemory(loaded.Maps, logger);
            return new Dataplane(loaded, options, paths, cgroup, sizes.ToLimits(), logger);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private static void SayMemory(MapSet maps, ILogger logger)
    {
        const double MiB = 1 << 20;
        var maglev = maps.All[Abi.Tables.Maglev.Name];
        if (MapMemory.Of(maps.All.Values) is { } total && MapMemory.Of(maglev) is { } tables)
            Log.MapMemory(logger, total / MiB, tables / MiB, maglev.Info.MaxEntries * (long)SlotRange.PlacesARow,
                TableSize.MaglevPlaces.Option());
    }

    /// <summary>Makes a plan for the table and carries it out. What failed is in the result, by Service; the rest is in force.</summary>
    /// <exception cref="InvalidOperationException">The kernel refused even the settings; nothing was changed.</exception>
    /// <exception cref="BpfException">Another agent has taken the instance over; nothing was changed.</exception>
    public (Plan Plan, ApplyResult Result) Apply(ForwardingTable table) => services.Apply(table);

    /// <summary>
    /// Tells the programs of this node's devices, addresses and settings; what is so already is not written. Without it what
    /// an earlier agent said stays. May be called from any thread.
    /// </summary>
    public NodeResult ApplyNode(NodeState state) => hold.Lost is { } reason ? new NodeResult(0, 0, [reason]) : node.Apply(state).And(
        clients.ApplyHost(state.Settings.HostNetnsCookie, state.Own));

    /// <summary>
    /// Tells the programs what processes of the other network namespaces connect from, all of them at once. May be called from any
    /// thread.
    /// </summary>
    /// <param name="found">By cookie; null: not known this time, what was known stays.</param>
    public NodeResult ApplyClients(IReadOnlyDictionary<ulong, ClientAddresses?> found)
        => hold.Lost is { } reason ? new NodeResult(0, 0, [reason]) : clients.Apply(found);

    /// <summary>
    /// Puts the programs in force and pins what is new. Call it when the tables are filled: new maps take the place of
    /// old ones only now. Calling it again repairs what somebody removed.
    /// </summary>
    /// <exception cref="BpfException">A hook could not be taken; those before it are. Or another agent has taken the instance
    /// over.</exception>
    public IReadOnlyList<AttachedHook> Attach() => hooks.Attach();

    /// <summary>
    /// Puts back what somebody removed since <see cref="Attach"/>: the mount, pins, links, programs at devices. It all lives on in our
    /// descriptors, so nothing was lost but its name or its place. Cheap where nothing changed.
    /// </summary>
    /// <exception cref="BpfException">It cannot be put back, or another agent has taken the instance over.</exception>
    public void Repair() => hooks.Repair();

    /// <summary>
    /// Lets packets pass unseen again to addresses that nothing of ours goes to any more (see <see cref="DestinationFilter"/>). Reads the
    /// tables of services, node addresses and flows. May be called from any thread.
    /// </summary>
    /// <exception cref="BpfException">One of them cannot be read; then nothing has changed.</exception>
    public void RebuildFilter()
    {
        if (hold.Lost is null) filter.Rebuild();
    }

    /// <summary>How often what was put back.</summary>
    public IReadOnlyDictionary<RepairKind, long> Repairs => repairs.Counts;

    /// <summary>
    /// Why the instance is another's now, so that nothing is written any more; null: it is ours. Once it is not, it never is again.
    /// </summary>
    public string? Lost => hold.Lost;

    /// <summary>
    /// Says which devices shall have programs. Before <see cref="Attach"/> this is only remembered for it; later it is done at
    /// once. May be called from any thread, which must be in the node's network namespace; calling it again repairs what
    /// somebody removed.
    /// </summary>
    /// <param name="decisions">Every device that there is.</param>
    public IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions) => devices.Attach(decisions);

    /// <summary>
    /// A comparison of all maps with what they should hold. Its scan may run beside <see cref="Apply"/>; confirming belongs to the thread
    /// of Apply, and what was adopted is repaired by the next one.
    /// </summary>
    public ITableVerification NewVerification() => new DataplaneVerification(tables, Mirror, node, addresses, loaded.Maps,
        new AttachmentCheck(hooks.FindDetached, hooks.Repair, () => hooks.Attached.Count, () => devices.Attached.Count), RebuildFilter);

    /// <summary>
    /// What is not in force now of what was put in force: the first thing to ask when something is wrong, and each second in case it is.
    /// From any thread, in the node's network namespace.
    /// </summary>
    /// <exception cref="BpfException">It cannot be looked at.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">It cannot be looked at.</exception>
    public IReadOnlyList<Difference> FindFaults() => hooks.FindFaults();

    /// <summary>How giving back the ids of what is gone goes.</summary>
    public RetireStatus Retiring => services.Retiring;

    /// <summary>
    /// Forgets which client had a backend that is gone. Returns how many such memories there were. May be called from any thread.
    /// </summary>
    public int SweepAffinity() => services.SweepAffinity();

    /// <summary>Connects through the hooks, once per family.</summary>
    public CanaryResult CheckCanary(IpFamily family) => family == IpFamily.IPv4
        ? CanaryProbe.Check(EndPoint(Policy.Canary.FrontendV4), EndPoint(Policy.Canary.BackendV4), cgroup)
        : CanaryProbe.Check(EndPoint(Policy.Canary.FrontendV6), EndPoint(Policy.Canary.BackendV6), cgroup);

    /// <summary>Counts by reason since the maps were made.</summary>
    public IReadOnlyList<ReasonCount> ReadReasons() => tables.ReadReasons();

    /// <summary>Drops as programs tell them; for one reader, who owns it.</summary>
    public IEventSource OpenEvents() => new RingEvents(new RingBuffer(loaded.Maps.Take(Abi.Tables.Events)));

    /// <summary>Counters of one service port id; zeros when it counted nothing.</summary>
    public ServiceCounters ReadServiceCounters(uint id) => services.ReadCounters(id);

    /// <summary>Counters of one service port, with its id; null while it is not in the tables.</summary>
    public (uint Id, ServiceCounters Counters)? ReadServiceCounters(ServicePortKey port)
        => Mirror.IdOf(port) is { } id ? (id, ReadServiceCounters(id)) : null;

    /// <summary>What each backend of a service port counted; none while the port is not in the tables.</summary>
    public IReadOnlyList<BackendCounters> ReadBackends(ServicePortKey port) => services.ReadBackends(port);

    /// <summary>How full the tables are.</summary>
    public IReadOnlyList<MapFill> ReadFill() =>
    [
        new(Abi.Tables.Services4.Name, Mirror.Frontends4, Mirror.Limits.MaxFrontends4),
        new(Abi.Tables.Services6.Name, Mirror.Frontends6, Mirror.Limits.MaxFrontends6),
        new(Abi.Tables.SvcStats.Name, Mirror.ServicesInUse, Mirror.Limits.MaxServices),
        new(Abi.Tables.Backends.Name, Mirror.BackendsInUse, Mirror.Limits.MaxBackends),
        new(Abi.Tables.Slots.Name, Mirror.SlotsInUse, Mirror.Limits.MaxSlots),
        new(Abi.Tables.Maglev.Name, Mirror.MaglevRowsInUse, Mirror.Limits.MaxMaglevRows),
        new(Abi.Tables.SrcRanges4.Name, Mirror.SourceRanges4, Mirror.Limits.MaxRanges4),
        new(Abi.Tables.SrcRanges6.Name, Mirror.SourceRanges6, Mirror.Limits.MaxRanges6),
        .. node.Fill,
        .. addresses.Fill,
        clients.Fill,
        tables.Affinity.Fill,
        new(Abi.Tables.Filter.Name, tables.DestinationFilter.Count, FilterBits.Count),
    ];

    /// <summary>Leaves everything in force. Does not wait for a grace period: the next agent finds what is left to retire.</summary>
    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        sockets.Dispose();
        devices.Dispose();
        FlowMaps.Dispose();
        Stale.Dispose();
        tables.Dispose();
        loaded.Dispose();
    }

    private static IPEndPoint EndPoint(Frontend frontend) => new(frontend.Address.ToIPAddress(), frontend.Port);

    private static IPEndPoint EndPoint(BackendAddress backend) => new(backend.Address.ToIPAddress(), backend.Port);
}
