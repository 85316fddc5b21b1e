using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loading;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Datapath;

/// <summary>One frontend as it stands in the kernel: names are not there, only numbers.</summary>
public sealed record InspectedFrontend(
    uint ServiceId,
    Frontend Frontend,
    uint AffinitySeconds,
    IReadOnlyList<BackendAddress> Backends,
    ServiceCounters Counters,
    FrontendKind Kind = FrontendKind.ClusterIP,
    bool LocalPolicy = false);

/// <summary>Reads the pinned maps of an instance when there is no agent to ask. Changes nothing.</summary>
public static class Inspection
{
    /// <summary>All frontends, ordered; null when the instance has no maps.</summary>
    /// <exception cref="BpfLayoutException">The maps are of another version; use its own `ebpflb`.</exception>
    public static IReadOnlyList<InspectedFrontend>? Read(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !Pin.Exists(paths.Map(Abi.Tables.Meta.Name))) return null;
        if (!AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name)))
        {
            throw new BpfLayoutException("read", paths.Maps,
                "the maps were made by another version of ebpflb: use that version, or start the agent of this one to replace them");
        }
        using var services4 = BpfMap.OpenPinned<LbFe4, LbService>(paths.Map(Abi.Tables.Services4.Name));
        using var services6 = BpfMap.OpenPinned<LbFe6, LbService>(paths.Map(Abi.Tables.Services6.Name));
        using var slots = new MappedArray<LbSlot>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Slots.Name)), writable: false);
        using var backends = new MappedArray<LbBackend>(BpfMap.OpenPinned(paths.Map(Abi.Tables.Backends.Name)), writable: false);
        using var stats = new PerCpuMap<uint, LbSvcStat>(BpfMap.OpenPinned(paths.Map(Abi.Tables.SvcStats.Name)));
        var counters = new Tables.ServiceCounterTable(stats, fresh: false);

        var found = new List<InspectedFrontend>();
        foreach (var (key, value) in services4.Entries()) Add(FrontendKey.From(key), value);
        foreach (var (key, value) in services6.Entries()) Add(FrontendKey.From(key), value);
        return [.. found.OrderBy(f => f.Frontend)];

        void Add(FrontendKey key, in LbService value)
        {
            if (!key.TryGetFrontend(out var frontend)) return;
            found.Add(new InspectedFrontend(
                value.Id, frontend, value.AffinitySec,
                Backends(value, slots.ReadOnlySpan, backends.ReadOnlySpan), counters.Read(value.Id), KindOf((LbServiceFlag)value.Flags),
                ((LbServiceFlag)value.Flags).HasFlag(LbServiceFlag.Local)));
        }
    }

    private static FrontendKind KindOf(LbServiceFlag flags)
    {
        if (!flags.HasFlag(LbServiceFlag.External)) return FrontendKind.ClusterIP;
        if (flags.HasFlag(LbServiceFlag.NodePort)) return FrontendKind.NodePort;
        return flags.HasFlag(LbServiceFlag.LbVip) ? FrontendKind.LoadBalancer : FrontendKind.ExternalIP;
    }

    /// <summary>The list as a program would follow it; entries that it would not follow are left out.</summary>
    private static List<BackendAddress> Backends(in LbService value, ReadOnlySpan<LbSlot> slots, ReadOnlySpan<LbBackend> backends)
    {
        var list = new List<BackendAddress>();
        for (var i = value.Cluster.First; i < value.Cluster.First + (ulong)value.Cluster.Count && i < (uint)slots.Length; i++)
        {
            var slot = slots[(int)i];
            if (slot.ServiceId != value.Id || slot.BackendId >= (uint)backends.Length) continue;
            list.Add(BackendCodec.Address(backends[(int)slot.BackendId]));
        }
        return list;
    }
}
