using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Verification;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
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

    /// <summary>The list that the policy asks for.</summary>
    public IReadOnlyList<BackendAddress> Backends => LocalPolicy ? Local : Cluster;
}

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
        var stats = new MappedWindows<LbSvcStat>(BpfMap.OpenPinned(paths.Map(Abi.Tables.SvcStats.Name)), writable: false);
        using var counters = new Tables.ServiceCounterTable(stats, Flows.FlowEnds.OpenPinned(paths), fresh: false);

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
            });
        }

        IReadOnlyList<BackendAddress> Backends(uint serviceId, SlotRange range) => Follow(
            new KernelContent([], [], slots.ReadOnlySpan, maglev.ReadOnlySpan, backends.ReadOnlySpan, [], []), serviceId, range);
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

    /// <summary>The list as a program would follow it, each backend once; entries that it would not follow are left out.</summary>
    private static List<BackendAddress> Follow(in KernelContent content, uint serviceId, SlotRange range)
    {
        var (list, seen) = (new List<BackendAddress>(), new HashSet<uint>());
        for (var place = 0u; place < range.Count && content.TryReadPlace(range, place, serviceId, out var slot); place++)
        {
            if (slot.ServiceId != serviceId || slot.BackendId >= (uint)content.Backends.Length || !seen.Add(slot.BackendId)) continue;
            list.Add(BackendCodec.Address(content.Backends[(int)slot.BackendId]));
        }
        return list;
    }
}
