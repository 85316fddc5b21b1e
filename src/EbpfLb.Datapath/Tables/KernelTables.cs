using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Affinity;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tables;

/// <summary>The maps of one instance, typed.</summary>
internal sealed class KernelTables : IDisposable
{
    private readonly KernelTable<LbFrontend4, LbService> services4;
    private readonly KernelTable<LbFrontend6, LbService> services6;
    private readonly KernelArray<LbSlot> slots;
    private readonly KernelArray<LbMaglevRow> maglev;
    private readonly KernelArray<LbBackend> backends;
    private readonly KernelTable<LbSrcRange4, uint> sources4;
    private readonly KernelTable<LbSrcRange6, uint> sources6;
    private readonly KernelTable<LbPrefix4, uint> cidrs4;
    private readonly KernelTable<LbPrefix6, uint> cidrs6;
    private readonly PerCpuMap<uint, LbStat> stats;
    private readonly KernelTable<uint, LbDevice> devices;
    private readonly KernelTable<LbIp4, LbNodeAddr> addresses4;
    private readonly KernelTable<LbIp6, LbNodeAddr> addresses6;
    private readonly KernelTable<LbIp6, uint> nodes;
    private readonly KernelTable<LbVlan, uint> vlans;
    private readonly KernelTable<ulong, LbNetns> netns;
    private readonly BpfMap<LbAffKey, LbAff> affinity;
    private readonly BpfMap<uint, LbSettings> settings;
    /// <summary>Clients in an element of lb_aff_rows.</summary>
    private static readonly uint Seats = (uint)(Unsafe.SizeOf<LbAffRow>() / Unsafe.SizeOf<LbAffKey>());

    private readonly Dictionary<string, uint> capacities;

    private KernelTables(MapSet maps)
    {
        services4 = new(new BpfMap<LbFrontend4, LbService>(maps.Take(Abi.Tables.Services4)));
        services6 = new(new BpfMap<LbFrontend6, LbService>(maps.Take(Abi.Tables.Services6)));
        slots = new(new MappedWindows<LbSlot>(maps.Take(Abi.Tables.Slots)));
        maglev = new(new MappedWindows<LbMaglevRow>(maps.Take(Abi.Tables.Maglev)));
        backends = new(new MappedWindows<LbBackend>(maps.Take(Abi.Tables.Backends)));
        sources4 = new(new BpfMap<LbSrcRange4, uint>(maps.Take(Abi.Tables.SrcRanges4)));
        sources6 = new(new BpfMap<LbSrcRange6, uint>(maps.Take(Abi.Tables.SrcRanges6)));
        cidrs4 = new(new BpfMap<LbPrefix4, uint>(maps.Take(Abi.Tables.SvcCidrs4)));
        cidrs6 = new(new BpfMap<LbPrefix6, uint>(maps.Take(Abi.Tables.SvcCidrs6)));
        stats = new(maps.Take(Abi.Tables.Stats));
        devices = new(new BpfMap<uint, LbDevice>(maps.Take(Abi.Tables.Devices)));
        addresses4 = new(new BpfMap<LbIp4, LbNodeAddr>(maps.Take(Abi.Tables.NodeAddrs4)));
        addresses6 = new(new BpfMap<LbIp6, LbNodeAddr>(maps.Take(Abi.Tables.NodeAddrs6)));
        nodes = new(new BpfMap<LbIp6, uint>(maps.Take(Abi.Tables.Nodes)));
        vlans = new(new BpfMap<LbVlan, uint>(maps.Take(Abi.Tables.Vlans)));
        netns = new(new BpfMap<ulong, LbNetns>(maps.Take(Abi.Tables.Netns)));
        affinity = new(maps.Take(Abi.Tables.Affinity));
        settings = new(maps.Take(Abi.Tables.Settings));
        capacities = maps.All.ToDictionary(m => m.Key, m => m.Value.Info.MaxEntries, StringComparer.Ordinal);
        Traffic = TrafficTable.Open(
            maps, (int)capacities[Abi.Tables.SvcExpired.Name], (int)capacities[Abi.Tables.Backends.Name]);
        ServiceCounters = new(
            new MappedWindows<LbSvcStat>(maps.Take(Abi.Tables.SvcStats)), new FlowEnds(maps.Take(Abi.Tables.SvcExpired), loads: null),
            maps.Created.Contains(Abi.Tables.SvcStats.Name), Traffic);
        BackendLoads = BackendLoadTable.Open(maps, Traffic);
        Affinity = new(affinity, backends, capacities[Abi.Tables.AffRows.Name] * Seats);
        DestinationFilter = new DestinationFilter(maps.Take(Abi.Tables.Filter));
        ForPlans = new PlanTables(
            FilteredBy(services4, FilterKeys.AddressOf, IsUntracked), FilteredBy(services6, FilterKeys.AddressOf, IsUntracked),
            slots, maglev,
            backends,
            sources4, sources6, ServiceCounters, BackendLoads);
    }

    public PlanTables ForPlans { get; }

    public ServiceCounterTable ServiceCounters { get; }

    public BackendLoadTable BackendLoads { get; }

    public TrafficTable Traffic { get; }

    public AffinityMemory Affinity { get; }

    /// <summary>Opened for what is written to the tables of services and node addresses.</summary>
    public DestinationFilter DestinationFilter { get; }

    /// <summary>Where packets of frontends and of the node go, as the kernel's tables have it when this is enumerated.</summary>
    public IEnumerable<IpAddress> Addresses()
    {
        foreach (var (key, _) in services4.Entries()) yield return FilterKeys.AddressOf(key);
        foreach (var (key, _) in services6.Entries()) yield return FilterKeys.AddressOf(key);
        foreach (var (key, _) in addresses4.Entries()) yield return FilterKeys.AddressOf(key);
        foreach (var (key, _) in addresses6.Entries()) yield return FilterKeys.AddressOf(key);
    }

    public static KernelTables Open(MapSet maps) => new(maps);

    public Mirror ReadMirror(TableLimits limits)
    {
        // Before anything is known all is looked at.
        using var allSlots = slots.MapWhole();
        using var allMaglev = maglev.MapWhole();
        using var allBackends = backends.MapWhole();
        return MirrorLoader.Load(
            new KernelContent(
                services4.Entries(), services6.Entries(), allSlots.ReadOnlySpan, allMaglev.ReadOnlySpan, allBackends.ReadOnlySpan,
                sources4.Entries().Select(e => e.Key), sources6.Entries().Select(e => e.Key)),
            limits);
    }

    /// <param name="nodePorts">Those that the service tables hold.</param>
    public NodeTables ReadNode(PortRange? nodePorts) => new(
        Held(devices, devices), Held(FilteredBy(addresses4, FilterKeys.AddressOf), addresses4),
        Held(FilteredBy(addresses6, FilterKeys.AddressOf), addresses6), Held(nodes, nodes), Held(vlans, vlans),
        new KernelTable<uint, LbSettings>(settings),
        settings.Lookup(0),
        capacities[Abi.Tables.CtPending.Name], nodePorts);

    public ClientTable ReadClients(Func<string?> lost) => new(Held(netns, netns), lost);

    /// <param name="closed">All ClusterIPs that the service tables close.</param>
    public ServiceAddresses ReadServiceAddresses(NodeTables node, Func<BoundingPrefix> closed)
        => new(Held(cidrs4, cidrs4), Held(cidrs6, cidrs6), node, closed);

    public IReadOnlyList<ReasonCount> ReadReasons() => CounterReader.Read(stats);

    public ReasonCount ReadReason(LbReason reason) => CounterReader.Read(stats, reason);

    public void Dispose()
    {
        services4.Dispose();
        services6.Dispose();
        slots.Dispose();
        maglev.Dispose();
        backends.Dispose();
        sources4.Dispose();
        sources6.Dispose();
        cidrs4.Dispose();
        cidrs6.Dispose();
        stats.Dispose();
        devices.Dispose();
        addresses4.Dispose();
        addresses6.Dispose();
        nodes.Dispose();
        vlans.Dispose();
        netns.Dispose();
        affinity.Dispose();
        settings.Dispose();
        ServiceCounters.Dispose();
        BackendLoads.Dispose();
        Traffic.Dispose();
        DestinationFilter.Dispose();
    }

    private FilteredTable<TKey, TValue> FilteredBy<TKey, TValue>(
        KernelTable<TKey, TValue> table, Func<TKey, IpAddress> addressOf, Predicate<TValue>? isUntracked = null)
        where TKey : unmanaged
        where TValue : unmanaged => new(table, addressOf, isUntracked, DestinationFilter);

    private static bool IsUntracked(LbService value) => ServiceCodec.Has(value, LbServiceFlag.Untracked);

    private DiffedTable<TKey, TValue> Held<TKey, [DynamicallyAccessedMembers(FieldText.Needed)] TValue>(
        ITable<TKey, TValue> table, KernelTable<TKey, TValue> kernel)
        where TKey : unmanaged
        where TValue : unmanaged
        => new(table, kernel.Entries()) { Capacity = capacities[kernel.Name] };
}
