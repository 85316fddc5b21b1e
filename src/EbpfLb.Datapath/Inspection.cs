using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Verification;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Policy;

namespace EbpfLb.Datapath;

/// <summary>One frontend as it stands in the kernel: names are not there, only numbers.</summary>
/// <param name="Cluster">The Cluster list.</param>
/// <param name="LocalPolicy">The Local list is in force for sources from outside.</param>
public sealed record InspectedFrontend(
    uint ServiceId,
    Frontend Frontend,
    uint AffinitySeconds,
    IReadOnlyList<BackendAddress> Cluster,
    ServiceCounters Counters,
    FrontendKind Kind = FrontendKind.ClusterIP,
    bool LocalPolicy = false)
{
    /// <summary>Who of a list gets a new connection.</summary>
    public Scheduler Scheduler { get; init; }

    /// <summary>The Local list.</summary>
    public IReadOnlyList<BackendAddress> Local { get; init; } = [];

    /// <summary>The backends of both lists, ordered, with what they counted.</summary>
    public IReadOnlyList<BackendCounters> Counted { get; init; } = [];

    /// <summary>The list that the policy asks for.</summary>
    public IReadOnlyList<BackendAddress> Backends => LocalPolicy ? Local : Cluster;
}

/// <summary>Where the hash of an address leads.</summary>
/// <param name="Place">In the list or Maglev table.</param>
/// <param name="Count">Places of that.</param>
/// <param name="Backend">null: a program would not follow what stands there.</param>
public sealed record InspectedPlace(uint Place, uint Count, BackendAddress? Backend);

/// <summary>What the maps of an instance count by themselves.</summary>
/// <param name="Reasons">Since the maps were made.</param>
public sealed record InspectedCounts(IReadOnlyList<ReasonCount> Reasons, IReadOnlyList<MapFill> Maps);

/// <summary>Reads the pinned maps of an instance when there is no agent to ask. Changes nothing.</summary>
public static class Inspection
{
    /// <summary>All frontends, ordered, without what refuses the other ports of ClusterIPs; null when the instance has no maps.</summary>
    /// <exception cref="BpfLayoutException">The maps are of another version; use its own `ebpflb`.</exception>
    public static IReadOnlyList<InspectedFrontend>? Read(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !Pin.Exists(paths.Map(Abi.Tables.Meta.Name))) return null;
        if (!AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name)))
        {
            throw new BpfLayoutException("read", paths.Maps,
                "the maps were made by another version of ebpflb: use that version, or start the agent of this one to replace them");
        }
        using var services4 = BpfMap.OpenPinned<LbFrontend4, LbService>(paths.Map(Abi.Tables.Services4.Name));
        using var services6 = BpfMap.OpenPinned<LbFrontend6, LbService>(paths.Map(Abi.Tables.Services6.Name));
        using var slots = new MappedArray<LbSlot>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Slots.Name)), writable: false);
        using var maglev = new MappedArray<LbMaglevRow>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Maglev.Name)), writable: false);
        using var backends = new MappedArray<LbBackend>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Backends.Name)), writable: false);
        using var loads = new MappedArray<LbLoad>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Load.Name)), writable: false);
        var stats = new MappedWindows<LbSvcStat>(BpfMap.OpenPinned(paths.Map(Abi.Tables.SvcStats.Name)), writable: false);
        using var traffic = TrafficTable.OpenPinned(paths, stats.Length / PossibleCpus.Numbers(), backends.Length);
        using var counters = new Tables.ServiceCounterTable(stats, Flows.FlowEnds.OpenPinned(paths), fresh: false, traffic);

        var found = new List<InspectedFrontend>();
        foreach (var (key, value) in services4.Entries()) Add(FrontendKey.From(key), value);
        foreach (var (key, value) in services6.Entries()) Add(FrontendKey.From(key), value);
        return [.. found.OrderBy(f => f.Frontend)];

        void Add(FrontendKey key, in LbService value)
        {
            if (!key.TryGetFrontend(out var frontend) || key.IsAnyPort) return;
            found.Add(new InspectedFrontend(
                value.Id, frontend, value.AffinitySec,
                Backends(value.Id, ServiceCodec.Cluster(value)), counters.Read(value.Id),
                ServiceCodec.Kind(value), ServiceCodec.Has(value, LbServiceFlag.Local))
            {
                Scheduler = ServiceCodec.SchedulerOf(value),
                Local = Backends(value.Id, ServiceCodec.Local(value)),
                Counted = [.. Ids(value.Id, ServiceCodec.Cluster(value)).Union(Ids(value.Id, ServiceCodec.Local(value))).Select(CountersOf)
                    .OrderBy(b => b.Address)],
            });
        }

        IReadOnlyList<BackendAddress> Backends(uint serviceId, SlotRange range)
            => [.. Ids(serviceId, range).Select(id => BackendCodec.Address(backends.ReadOnlySpan[(int)id]))];

        List<uint> Ids(uint serviceId, SlotRange range) => Follow(
            new KernelContent([], [], slots.ReadOnlySpan, maglev.ReadOnlySpan, backends.ReadOnlySpan, [], []), serviceId, range);

        BackendCounters CountersOf(uint id)
        {
            var backend = backends.ReadOnlySpan[(int)id];
            var load = id < loads.Length ? loads.ReadOnlySpan[(int)id] : default;
            return BackendCounters.Of(BackendCodec.Address(backend), backend.Weight, load, traffic.ReadBackend(id));
        }
    }

    /// <summary>
    /// The place that the hash of an address has in a list of a frontend; null: the list is empty, or the frontend is gone.
    /// </summary>
    /// <param name="hashed">The client, or with dh the address that is asked.</param>
    /// <exception cref="BpfException">The instance has no maps, or they cannot be read.</exception>
    public static InspectedPlace? FindPlace(DatapathOptions options, Frontend frontend, bool isLocal, IpAddress hashed)
    {
        var paths = Places.Find(options) ?? throw new BpfException(Errno.ENOENT, "read", "bpf", "no BPF file system is mounted");
        if (!TryFind(paths, FrontendKey.From(frontend), out var service)) return null;
        var range = isLocal ? ServiceCodec.Local(service) : ServiceCodec.Cluster(service);
        if (range.Count == 0) return null;
        using var slots = new MappedArray<LbSlot>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Slots.Name)), writable: false);
        using var maglev = new MappedArray<LbMaglevRow>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Maglev.Name)), writable: false);
        using var backends = new MappedArray<LbBackend>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Backends.Name)), writable: false);
        var content = new KernelContent([], [], slots.ReadOnlySpan, maglev.ReadOnlySpan, backends.ReadOnlySpan, [], []);
        var place = AddressHash.PlaceOf(hashed, range.Count);
        return new InspectedPlace(place, range.Count,
            content.TryReadPlace(range, place, service.Id, out var slot) && slot.ServiceId == service.Id
                && slot.BackendId < (uint)content.Backends.Length
                ? BackendCodec.Address(content.Backends[(int)slot.BackendId])
                : null);
    }

    /// <summary>Counts by reason, and how full those tables are that tell it without an agent.</summary>
    /// <remarks>How many entries of an array are in use, and what session affinity has room for, only an agent knows.</remarks>
    /// <exception cref="BpfException">The instance has no maps, or they cannot be read.</exception>
    public static InspectedCounts ReadCounts(DatapathOptions options)
    {
        var paths = Places.Find(options) ?? throw new BpfException(Errno.ENOENT, "read", "bpf", "no BPF file system is mounted");
        using var stats = new PerCpuMap<uint, LbStat>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Stats.Name)));
        return new InspectedCounts(
            CounterReader.Read(stats),
            [
                FillOf<LbFrontend4, LbService>(paths, Abi.Tables.Services4), FillOf<LbFrontend6, LbService>(paths, Abi.Tables.Services6),
                FillOf<LbSrcRange4, uint>(paths, Abi.Tables.SrcRanges4), FillOf<LbSrcRange6, uint>(paths, Abi.Tables.SrcRanges6),
                FlowsOf<LbCtKey4, LbCt4>(paths, Abi.Tables.Conntrack4), FlowsOf<LbCtKey6, LbCt6>(paths, Abi.Tables.Conntrack6),
            ]);
    }

    private static MapFill FillOf<TKey, TValue>(InstancePaths paths, Table<TKey, TValue> table)
        where TKey : unmanaged where TValue : unmanaged
    {
        using var map = BpfMap.OpenPinned<TKey, TValue>(paths.Map(table.Name));
        return new MapFill(table.Name, map.Keys().Count, map.Info.MaxEntries);
    }

    /// <summary>In batches: programs write to it, and it may be large.</summary>
    private static MapFill FlowsOf<TKey, TValue>(InstancePaths paths, Table<TKey, TValue> table)
        where TKey : unmanaged where TValue : unmanaged
    {
        using var map = BpfMap.OpenPinned<TKey, TValue>(paths.Map(table.Name));
        var used = 0;
        for (var cursor = map.ReadBatches(); cursor.Next();) used += cursor.Keys.Length;
        return new MapFill(table.Name, used, map.Info.MaxEntries);
    }

    private static bool TryFind(InstancePaths paths, FrontendKey key, out LbService service)
    {
        if (key.Table == IpFamily.IPv4)
        {
            using var services4 = BpfMap.OpenPinned<LbFrontend4, LbService>(paths.Map(Abi.Tables.Services4.Name));
            return services4.TryLookup(key.ToFe4(), out service);
        }
        using var services6 = BpfMap.OpenPinned<LbFrontend6, LbService>(paths.Map(Abi.Tables.Services6.Name));
        return services6.TryLookup(key.ToFe6(), out service);
    }

    /// <summary>Whether the maps of an instance fit together: entries that no program can follow, and what no entry leads to.</summary>
    /// <exception cref="BpfException">The instance has no maps, or they cannot be read.</exception>
    public static PinnedComparison Compare(DatapathOptions options)
    {
        var paths = Places.Find(options) ?? throw new BpfException(Errno.ENOENT, "read", "bpf", "no BPF file system is mounted");
        using var services4 = BpfMap.OpenPinned<LbFrontend4, LbService>(paths.Map(Abi.Tables.Services4.Name));
        using var services6 = BpfMap.OpenPinned<LbFrontend6, LbService>(paths.Map(Abi.Tables.Services6.Name));
        using var slots = new MappedArray<LbSlot>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Slots.Name)), writable: false);
        using var maglev = new MappedArray<LbMaglevRow>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Maglev.Name)), writable: false);
        using var backends = new MappedArray<LbBackend>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Backends.Name)), writable: false);
        using var ranges4 = BpfMap.OpenPinned<LbSrcRange4, uint>(paths.Map(Abi.Tables.SrcRanges4.Name));
        using var ranges6 = BpfMap.OpenPinned<LbSrcRange6, uint>(paths.Map(Abi.Tables.SrcRanges6.Name));
        return PinnedComparison.Of(new KernelContent(
            services4.Entries(), services6.Entries(), slots.ReadOnlySpan, maglev.ReadOnlySpan, backends.ReadOnlySpan, ranges4.Keys(),
                ranges6.Keys()));
    }

    /// <summary>The ids in the list as a program would follow it, each once; entries that it would not follow are left out.</summary>
    private static List<uint> Follow(in KernelContent content, uint serviceId, SlotRange range)
    {
        var (list, seen) = (new List<uint>(), new HashSet<uint>());
        for (var place = 0u; place < range.Count && content.TryReadPlace(range, place, serviceId, out var slot); place++)
        {
            if (slot.ServiceId != serviceId || slot.BackendId >= (uint)content.Backends.Length || !seen.Add(slot.BackendId)) continue;
            list.Add(slot.BackendId);
        }
        return list;
    }
}
