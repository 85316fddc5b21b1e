using EbpfLb.Model;
using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning;

/// <summary>Capacities of the maps, in entries. All memory of the maps is reserved when they are made.</summary>
/// <param name="Frontends">Entries of lb_services4 and of lb_services6, each.</param>
/// <param name="Services">Service ports with counters; ids run from 1 to this minus 1.</param>
/// <param name="Backends">Entries of lb_backends.</param>
/// <param name="Slots">Entries of lb_slots; a list that changes is written beside its old one, so leave room.</param>
/// <param name="Affinity">Entries of lb_affinity, but for <see cref="AffinityEntries"/>; see <see cref="AffinityRows"/>.</param>
/// <param name="UdpPeers">Pairs that unconnected UDP sockets of several services remember.</param>
public sealed record MapSizes(uint Frontends, uint Services, uint Backends, uint Slots, uint Affinity, uint UdpPeers)
{
    /// <summary>
    /// 50,000 Services take two frontends each (the port, and what rejects the other ports of the address), and some have more ports.
    /// </summary>
    private const uint LargeFrontends = 131_072;

    private const uint LargeAffinity = 65_536;

    private const uint LargeFlows = 131_072;

    /// <summary>LOCAL_FREE_TARGET of kernel/bpf/bpf_lru_list.c; newer kernels keep fewer where the map is small.</summary>
    private const uint LruFreePerCpu = 128;

    /// <summary>Memory of a machine for each flow of its tables.</summary>
    private const long BytesPerFlow = (8L << 30) / LargeFlows;

    /// <summary>Bytes of one lb_svc_stats element on one CPU.</summary>
    private const int ServiceStatBytes = 32;

    /// <summary>Bytes of one lb_traffic element.</summary>
    private const int TrafficElementBytes = 32;

    /// <summary>Of the memory of a machine, lb_traffic has at most one part in so many by default.</summary>
    private const int TrafficPart = 20;

    private const uint FewestBackends = 4_096;

    /// <summary>
    /// Flows of each family that can be tracked at once. A flow is two entries of lb_conntrack4 (112 bytes each with
    /// the kernel's own part) or lb_conntrack6 (160), and all of them are reserved: 544 bytes for a flow of both families.
    /// </summary>
    public uint Flows { get; init; } = 4_096;

    /// <summary>
    /// Places of all Maglev tables together, 4 bytes each; a table that changes is written beside its old one, so leave room for one.
    /// </summary>
    public uint MaglevPlaces { get; init; } = 65_536;

    /// <summary>Elements of lb_maglev.</summary>
    public uint MaglevRows => (uint)(((ulong)MaglevPlaces + SlotRange.PlacesARow - 1) / SlotRange.PlacesARow);

    /// <summary>Datagrams under way in fragments, in lb_frags; about 110 bytes each.</summary>
    public uint Fragments { get; init; } = 1_024;

    /// <summary>
    /// Entries of lb_src_ranges4 and of lb_src_ranges6, each: one for each range of each service port. Takes 64 to
    /// 96 bytes for each that is used; nothing is reserved.
    /// </summary>
    public uint SourceRanges { get; init; } = 4_096;

    /// <summary>Entries of lb_node_addrs4 and of lb_node_addrs6, each; a proxy for IPVS may have bound thousands.</summary>
    public uint NodeAddresses { get; init; } = 4_096;

    /// <summary>Entries of lb_devices.</summary>
    public uint Devices { get; init; } = 4_096;

    /// <summary>Backends whose source ports are used up, which lb_snat_full remembers.</summary>
    public uint UsedUpBackends { get; init; } = 1_024;

    /// <summary>Clients whose answers lb_answers counts.</summary>
    public uint AnsweredClients { get; init; } = 4_096;

    /// <summary>
    /// lb_traffic has an element for each service port and each backend on each CPU, 32 bytes each; else it has one.
    /// </summary>
    public bool CountsTraffic { get; init; }

    /// <summary>Service ports and backends that lb_traffic counts on each CPU, where it does.</summary>
    public ulong TrafficRows => (ulong)Services + Backends;

    /// <summary>Bytes of the ring lb_events, a power of two and at least a page: 4,096 events of 64 bytes.</summary>
    public uint EventBytes { get; init; } = 262_144;

    /// <summary>
    /// Bytes of the ring lb_traces, a power of two and at least a page: 862 traces of 152 bytes, emptied ten times a second, so that a
    /// flood of new flows costs the agent no more than 8,600 a second.
    /// </summary>
    public uint TraceBytes { get; init; } = 131_072;

    /// <summary>
    /// Elements of lb_ct_pending, 40 bytes each: at most so many flows, of both families, are half-open or closed and can give way
    /// to new ones. A third of it is for half-open ones, which is a quarter of all flows, so that a flood of new connections leaves three
    /// quarters to the others; half of all flows can be closed and remembered, which source ports need for the time of a TIME_WAIT.
    /// </summary>
    public uint PendingFlows => Math.Max(Flows / 4, 64) * 3;

    /// <summary>
    /// Elements of lb_aff_rows, 192 bytes each. Their eight seats are for three quarters of <see cref="Affinity"/>, so that lb_affinity has
    /// entries left, beside those that the kernel keeps free for each CPU: it forgets clients by its own rule, which knows of no services,
    /// when one CPU has none left.
    /// </summary>
    public uint AffinityRows => Math.Max(Affinity / 32 * 3, 1);

    /// <summary>Entries of lb_conntrack4 and of lb_conntrack6, each.</summary>
    public ulong FlowEntries => Flows * 2ul;

    /// <summary>
    /// Entries that an LRU map needs to hold so many: the kernel keeps entries free for each CPU, and forgets what is in use when one CPU
    /// has none, whatever
    /// others have. On 6.1 with 32 CPUs a map of 1,024 had 88 of 256 left.
    /// </summary>
    /// <param name="cpus">Possible CPUs.</param>
    public static uint LruEntries(uint held, int cpus) => held + LruFreePerCpu * (uint)cpus;

    /// <summary>Entries of lb_affinity: a quarter is more than what is kept free for each CPU on all but machines of very many.</summary>
    /// <param name="cpus">Possible CPUs.</param>
    public uint AffinityEntries(int cpus) => Math.Max(Affinity, LruEntries(Affinity / 4 * 3, cpus));

    /// <summary>
    /// The defaults of a machine: full size from 4 GiB of memory (about 40 MiB of maps on two CPUs), down to an eighth below
    /// 1 GiB. Flows in proportion to the memory, 0.9 % of it: 131,072 of each family from 8 GiB up (70 MiB), 4,096 at least (2 MiB).
    /// Per-CPU counters take at most 1 % of the memory, which bounds them on machines with many CPUs.
    /// </summary>
    /// <param name="memoryBytes">Memory of the machine.</param>
    /// <param name="cpus">Possible CPUs.</param>
    public static MapSizes ForMachine(long memoryBytes, int cpus)
    {
        var shrink = 1u;
        for (var bytes = memoryBytes; bytes < 4L << 30 && shrink < 8; bytes *= 2) shrink *= 2;
        var frontends = LargeFrontends / shrink;
        var services = (uint)Math.Clamp(memoryBytes / 100 / (ServiceStatBytes * (long)Math.Max(cpus, 1)), 4096, frontends);
        return new MapSizes(frontends, services, frontends * 4, frontends * 8, LargeAffinity / shrink, 16_384 / shrink)
        {
            Flows = (uint)Math.Clamp(memoryBytes / BytesPerFlow & ~63L, 4_096, LargeFlows),
            // 64 tables of the default size.
            MaglevPlaces = 1_048_576 / shrink,
            Fragments = 4_096 / shrink,
            SourceRanges = 32_768 / shrink,
        };
    }

    /// <summary>
    /// The defaults of a machine that counts traffic: fewer backends where lb_traffic would take more than a twentieth of the memory, which
    /// on two CPUs it does not.
    /// </summary>
    /// <param name="cpus">One more than the highest number of a possible CPU.</param>
    public MapSizes CountingTraffic(long memoryBytes, int cpus)
    {
        var rows = memoryBytes / TrafficPart / (TrafficElementBytes * (long)Math.Max(cpus, 1));
        return this with
        {
            CountsTraffic = true, Backends = (uint)Math.Clamp(rows - Services, Math.Min(FewestBackends, Backends), Backends),
        };
    }

    /// <summary>
    /// Where lb_traffic takes more of the memory than it should: how much, and what to do. null: it does not.
    /// </summary>
    /// <param name="cpus">One more than the highest number of a possible CPU.</param>
    public string? TrafficProblem(long memoryBytes, int cpus)
    {
        var bytes = CountsTraffic ? (long)TrafficRows * TrafficElementBytes * cpus : 0;
        return bytes <= memoryBytes / TrafficPart ? null
            : $"{OptionNames.TrafficCounts} (trafficCounts) takes {bytes >> 20} MiB of this machine's {memoryBytes >> 20} MiB of memory, "
                + $"{TrafficElementBytes} bytes for each of {Services} service ports and {Backends} backends on each of {cpus} CPUs; give "
                + $"a smaller {TableSize.Services.Option()} and {TableSize.Backends.Option()}, or do without the counts";
    }

    /// <summary>A size as it can be asked for.</summary>
    public uint this[TableSize size] => size switch
    {
        TableSize.Services => Services,
        TableSize.Frontends => Frontends,
        TableSize.Backends => Backends,
        TableSize.Slots => Slots,
        TableSize.MaglevPlaces => MaglevPlaces,
        TableSize.Affinity => Affinity,
        TableSize.Flows => Flows,
        TableSize.SourceRanges => SourceRanges,
        TableSize.NodeAddresses => NodeAddresses,
        TableSize.Devices => Devices,
        _ => throw new ArgumentOutOfRangeException(nameof(size)),
    };

    /// <summary>With what was asked for in place of a default.</summary>
    public MapSizes With(TableSize size, uint asked) => size switch
    {
        TableSize.Services => this with { Services = asked },
        TableSize.Frontends => this with { Frontends = asked },
        TableSize.Backends => this with { Backends = asked },
        TableSize.Slots => this with { Slots = asked },
        TableSize.MaglevPlaces => this with { MaglevPlaces = asked },
        TableSize.Affinity => this with { Affinity = asked },
        TableSize.Flows => this with { Flows = asked },
        TableSize.SourceRanges => this with { SourceRanges = asked },
        TableSize.NodeAddresses => this with { NodeAddresses = asked },
        TableSize.Devices => this with { Devices = asked },
        _ => throw new ArgumentOutOfRangeException(nameof(size)),
    };

    /// <summary>The part that plans must know.</summary>
    public TableLimits ToLimits() => new()
    {
        MaxServices = (int)Services,
        MaxBackends = (int)Backends,
        MaxSlots = (int)Slots,
        MaxMaglevRows = (int)MaglevRows,
        MaxFrontends4 = (int)Frontends,
        MaxFrontends6 = (int)Frontends,
        MaxRanges4 = (int)SourceRanges,
        MaxRanges6 = (int)SourceRanges,
    };
}
