using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Planning.Tables;

/// <summary>What a map has to do with the ids of services and backends.</summary>
public enum MapIds : byte
{
    None,

    /// <summary>
    /// Written by the agent; the maps of this kind name each other's ids, so they are kept together or made anew together.
    /// </summary>
    Defined,

    /// <summary>Written by programs about ids: it goes on while the ids do.</summary>
    Counted,
}

/// <summary>CPUs, as far as the kernel makes a map larger for them.</summary>
/// <param name="Possible">How many there can be.</param>
/// <param name="Numbers">One more than the highest number.</param>
public sealed record MapCpus(int Possible, int Numbers);

/// <summary>
/// One map whose size the agent sets: all that the loader, the gauges and messages know of it. A map without a row is as large as its C
/// declares it.
/// </summary>
/// <param name="Size">What makes it larger; null: nothing that users can set.</param>
/// <param name="Entries">max_entries; more than the kernel's 32 bits hold when a size is too large.</param>
public sealed record TableSpec(Table Table, TableSize? Size, MapIds Ids, Func<MapSizes, MapCpus, ulong> Entries)
{
    public static IReadOnlyList<TableSpec> All { get; } =
    [
        new(Abi.Tables.Services4, TableSize.Frontends, MapIds.Defined, (s, _) => s.Frontends),
        new(Abi.Tables.Services6, TableSize.Frontends, MapIds.Defined, (s, _) => s.Frontends),
        new(Abi.Tables.SrcRanges4, TableSize.SourceRanges, MapIds.Defined, (s, _) => s.SourceRanges),
        new(Abi.Tables.SrcRanges6, TableSize.SourceRanges, MapIds.Defined, (s, _) => s.SourceRanges),
        new(Abi.Tables.Slots, TableSize.Slots, MapIds.Defined, (s, _) => s.Slots),
        new(Abi.Tables.Maglev, TableSize.MaglevPlaces, MapIds.Defined, (s, _) => s.MaglevRows),
        new(Abi.Tables.Backends, TableSize.Backends, MapIds.Defined, (s, _) => s.Backends),
        new(Abi.Tables.Load, TableSize.Backends, MapIds.Counted, (s, _) => s.Backends),
        new(Abi.Tables.SvcStats, TableSize.Services, MapIds.Counted, (s, cpus) => (ulong)s.Services * (uint)cpus.Numbers),
        new(Abi.Tables.Turns, TableSize.Services, MapIds.Counted, (s, _) => s.Services),
        new(Abi.Tables.SvcExpired, TableSize.Services, MapIds.Counted, (s, _) => s.Services),
        new(Abi.Tables.Traffic, null, MapIds.None,
            (s, cpus) => s.CountsTraffic ? s.TrafficRows * (uint)cpus.Numbers : 1)
        {
            Switch = OptionNames.TrafficCounts, SwitchedSizes = [TableSize.Services, TableSize.Backends],
        },
        new(Abi.Tables.Affinity, TableSize.Affinity, MapIds.Counted, (s, cpus) => s.AffinityEntries(cpus.Possible)),
        new(Abi.Tables.AffRows, TableSize.Affinity, MapIds.None, (s, _) => s.AffinityRows),
        new(Abi.Tables.Conntrack4, TableSize.Flows, MapIds.None, (s, _) => s.FlowEntries),
        new(Abi.Tables.Conntrack6, TableSize.Flows, MapIds.None, (s, _) => s.FlowEntries),
        new(Abi.Tables.CtPending, TableSize.Flows, MapIds.None, (s, _) => s.PendingFlows),
        new(Abi.Tables.UdpPeer, null, MapIds.None, (s, cpus) => MapSizes.LruEntries(s.UdpPeers, cpus.Possible)),
        new(Abi.Tables.SnatFull, null, MapIds.None, (s, cpus) => MapSizes.LruEntries(s.UsedUpBackends, cpus.Possible)),
        new(Abi.Tables.Answers, null, MapIds.None, (s, cpus) => MapSizes.LruEntries(s.AnsweredClients, cpus.Possible)),
        new(Abi.Tables.Frags, null, MapIds.None, (s, cpus) => MapSizes.LruEntries(s.Fragments, cpus.Possible)),
        new(Abi.Tables.NodeAddrs4, TableSize.NodeAddresses, MapIds.None, (s, _) => s.NodeAddresses),
        new(Abi.Tables.NodeAddrs6, TableSize.NodeAddresses, MapIds.None, (s, _) => s.NodeAddresses),
        new(Abi.Tables.Devices, TableSize.Devices, MapIds.None, (s, _) => s.Devices),
        new(Abi.Tables.Vlans, TableSize.Devices, MapIds.None, (s, _) => s.Devices),
        new(Abi.Tables.Events, null, MapIds.None, (s, _) => s.EventBytes),
        new(Abi.Tables.Traces, null, MapIds.None, (s, _) => s.TraceBytes),
    ];

    /// <summary>The option without which the map has one element; null: there is none.</summary>
    public string? Switch { get; init; }

    /// <summary>What makes the map larger while it is switched on.</summary>
    public IReadOnlyList<TableSize> SwitchedSizes { get; init; } = [];

    /// <summary>
    /// How to start the agent so that the map is smaller: "with a smaller --max-backends"; null: users cannot make it so.
    /// </summary>
    public string? Remedy => Switch is not null
        ? $"with a smaller {string.Join(" or ", SwitchedSizes.Select(size => size.Option()))}, or without {Switch}"
        : Size is { } size ? $"with a smaller {size.Option()}" : null;

    /// <summary>What makes a map larger, such as "--max-backends"; "" where users cannot.</summary>
    /// <param name="map">As the kernel shows it.</param>
    public static string OptionOf(string map) => Find(map)?.Size?.Option() ?? "";

    public static TableSpec? Find(string map) => All.FirstOrDefault(spec => spec.Table.Name == map);

    /// <summary>Why there can be no map of these sizes, with the option and the most that it can be; null: there can.</summary>
    /// <param name="most">Entries that a map of its kind has at most.</param>
    public string? Problem(MapSizes sizes, MapCpus cpus, ulong most)
    {
        var entries = Entries(sizes, cpus);
        if (entries <= most) return null;
        var problem = $"{Table.Name} would have {entries} entries, and a map of its kind has {most} at most";
        if (Switch is not null)
        {
            return $"{Switch} needs too much: {problem} ({cpus.Numbers} for each service port and backend, as there are CPUs); start the "
                + $"agent {Remedy}";
        }
        if (Size is not { } size) return $"the machine has too many CPUs ({cpus.Numbers}): {problem}";
        var each = entries / sizes[size] <= 1 ? "" : $" ({entries / sizes[size]} for "
            + $"each{(IsPerCpu(sizes, cpus) ? ", as there are CPUs" : "")})";
        return $"{size.Option()} {sizes[size]} is too large: {problem}{each}; give {Largest(size, sizes, cpus, most)} or less";
    }

    private bool IsPerCpu(MapSizes sizes, MapCpus cpus) => Entries(sizes, cpus) != Entries(sizes, new MapCpus(1, 1));

    /// <summary>The largest size of which the map has no more entries than <paramref name="most"/>.</summary>
    private uint Largest(TableSize size, MapSizes sizes, MapCpus cpus, ulong most)
    {
        var (fits, tooLarge) = (0u, sizes[size]);
        while (tooLarge - fits > 1)
        {
            var middle = fits + (tooLarge - fits) / 2;
            if (Entries(sizes.With(size, middle), cpus) <= most) fits = middle;
            else tooLarge = middle;
        }
        return fits;
    }

    /// <summary>The maps that define ids, or that programs write about ids.</summary>
    public static IEnumerable<Table> With(MapIds ids) => All.Where(spec => spec.Ids == ids).Select(spec => spec.Table);
}
