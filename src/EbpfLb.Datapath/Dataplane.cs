using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Devices;
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
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Verification;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath;

/// <summary>
/// The kernel side of one instance: puts its parts together and hands them out. Closing it leaves everything in force; the next agent
/// goes on where this one stopped.
/// </summary>
public sealed class Dataplane : IDataplane
{
    private readonly LoadedProgram loaded;
    private readonly KernelTables tables;
    private readonly SocketAttacher sockets;
    private readonly DeviceHooks devices;
    private readonly HookSet hooks;
    private readonly NodeTables node;
    private readonly ServiceAddresses addresses;
    private readonly Conntrack conntrack;

    private Dataplane(
        LoadedProgram loaded, DatapathOptions options, InstancePaths paths, string cgroup, TableLimits limits, ILogger logger)
    {
        this.loaded = loaded;
        tables = KernelTables.Open(loaded.Maps);
        var repairs = new Repairs(logger);
        sockets = new SocketAttacher(paths, cgroup);
        var hold = new InstanceHold(paths, options.Ownership, sockets, loaded);
        var deviceAttacher = DeviceAttacher.Create(options.TcAttach, paths);
        var xdp = new XdpHooks(options.Xdp, paths, () => loaded[LoadedProgram.Xdp], loaded.XdpOfBond);
        devices = new DeviceHooks(deviceAttacher, xdp, loaded, paths, repairs, hold);
        var mirror = tables.ReadMirror(limits);
        mirror.HasOlderFlows = HasOlderFlows(loaded.Maps);
        node = tables.ReadNode(mirror.NodePorts);
        Clients = tables.ReadClients(() => hold.Lost);
        addresses = tables.ReadServiceAddresses(node, () => mirror.Closed);
        // The flows of programs that know no destination filter have no bits.
        tables.DestinationFilter.Disable();
        var flows = FlowMaps.Open(loaded.Maps);
        var filter = new FilterRebuild(tables, flows);
        var faults = new FaultFinder(paths, loaded, sockets, deviceAttacher, xdp, tables, node, addresses, mirror);
        hooks = new HookSet(loaded, sockets, devices, filter, hold, faults, paths, repairs, cgroup, logger);
        var backends = new BackendCheck(mirror, tables.ForPlans.Backends);
        var own = new OwnFlows(
            flows.All, flow => backends.Serves(flow),
            () => devices.Attached.Any(d => d is { Error: null, Decision.Role: DeviceRole.Pod }));
        var stale = new StaleState(
            () => SocketPrograms.Load(loaded.Maps, cgroup, options, logger), backends, new NetworkNamespaces(), own)
        {
            IsOurs = () => hold.Lost is null,
        };
        conntrack = new Conntrack(flows, stale, filter, hold);
        Services = new ServiceTables(tables, mirror, node, addresses, hold, logger);
        Node = new NodeKernel(node, Clients, devices, hold);
        Diagnostics = new Diagnostics(options.Found, loaded.Maps, tables, Services, node, addresses, Clients, stale, repairs);
    }

    public ServiceTables Services { get; }

    IServiceTables IDataplane.Services => Services;

    public IHooks Hooks => hooks;

    public INodeKernel Node { get; }

    public ClientTable Clients { get; }

    public IConntrack Conntrack => conntrack;

    public IDiagnostics Diagnostics { get; }

    /// <summary>The maps were found pinned and are used on; false: some were made anew.</summary>
    public bool ReusedMaps => loaded.Maps.Created.Count == 0;

    /// <summary>Loads the programs and finds or makes the maps. Nothing is in force yet that was not before.</summary>
    /// <exception cref="BpfException">What the kernel refused, with its reason and what to do.</exception>
    public static Dataplane Open(DatapathOptions options, ILoggerFactory loggerFactory)
    {
        var logger = loggerFactory.CreateLogger("EbpfLb.Datapath");
        var paths = Places.Prepare(options);
        var cgroup = Places.CgroupRoot(options);
        ObjectMemory.GiveBack();
        SayOtherPlaces(options, cgroup, logger);
        InterruptedHandover.Resolve(paths, logger);
        var unasked = options.Sizes is null ? Enum.GetValues<TableSize>().ToHashSet() : options.UnaskedSizes;
        var sizes = KeptSizes.Of(paths, options.Sizes ?? MachineSizes.Default(), unasked, MachineSizes.Cpus(), logger);
        if (MachineSizes.TrafficProblem(sizes) is { } problem) Log.MapsTakeMuch(logger, problem);
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

    /// <summary>Flows were kept, or are about to be moved, while services are in maps that were made anew.</summary>
    private static bool HasOlderFlows(MapSet maps) => maps.Created.Contains(Abi.Tables.Services4.Name)
        && (!maps.Created.Contains(Abi.Tables.Conntrack4.Name)
            || maps.Left.Append(maps.Outgrown).Any(old => old.ContainsKey(Abi.Tables.Conntrack4.Name)));

    /// <summary>Nothing depends on it, so an agent starts where it cannot look.</summary>
    private static void SayOtherPlaces(DatapathOptions options, string cgroup, ILogger logger)
    {
        try
        {
            foreach (var other in OtherPlaces.InForce(options, cgroup))
            {
                Log.InForceElsewhere(
                    logger, other.Instance, other.BpfFs, cgroup,
                    $"ebpflb cleanup {OptionNames.Instance} {other.Instance} {OptionNames.Bpffs} {other.BpfFs}");
            }
        }
        catch (Exception e) when (e is BpfException or IOException or UnauthorizedAccessException)
        {
            Log.OtherPlacesUnknown(logger, e.Message);
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

    /// <summary>
    /// A comparison of all maps with what they should hold. Its scan may run beside Apply; confirming belongs to the thread of Apply, and
    /// what was adopted is repaired by the next one.
    /// </summary>
    public ITableVerification NewVerification() => new DataplaneVerification(
        tables, Services.Mirror, node, addresses, loaded.Maps,
        new AttachmentCheck(hooks.FindDetached, hooks.Repair, () => hooks.Attached.Count, () => devices.Attached.Count),
        conntrack.RebuildFilter);

    /// <summary>Leaves everything in force. Does not wait for a grace period: the next agent finds what is left to retire.</summary>
    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        sockets.Dispose();
        devices.Dispose();
        conntrack.Dispose();
        tables.Dispose();
        loaded.Dispose();
    }
}
