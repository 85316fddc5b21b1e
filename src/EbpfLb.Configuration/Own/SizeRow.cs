using EbpfLb.Configuration.Input;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>What is said of one size: all that the file, the command line, `/configz` and the documentation know of it.</summary>
/// <param name="Note">Of the field, for the documentation.</param>
/// <param name="Help">Of the option, with its default.</param>
public sealed record SizeRow(TableSize Size, string Note, string Help)
{
    private const int MinFlows = 256;

    /// <summary>Conntrack entries have 24 bits for an id (LB_CT_ID_BITS).</summary>
    private const int MaxIds = 1 << 24;

    public static IReadOnlyList<SizeRow> All { get; } =
    [
        new(TableSize.Services, "service ports; null here and below: by the machine's memory",
            "Service ports, each with an id and counters (default: as many as frontends, less on machines with many CPUs and "
                + "little memory)") { Most = MaxIds },
        new(TableSize.Frontends, "addresses with port and protocol, for each family",
            "Frontends, for each family: one for each address, port and protocol of a Service, and one more for each ClusterIP, which "
                + "rejects its other ports (default: 131072 from 4 GiB of memory on, down to 16384)"),
        new(TableSize.Backends, "backends of all service ports together",
            $"Backends of all service ports together (default: 4 times the frontends; with {OptionNames.TrafficCounts} less on machines "
                + "with many CPUs and little memory)") { Most = MaxIds },
        new(TableSize.Slots, "places in backend lists", "Places in backend lists; leave room, as a changed list is written beside the old "
            + "one (default: 8 times the frontends)"),
        new(TableSize.MaglevPlaces, "places of all Maglev tables together; 4 bytes each",
            "Places of all Maglev tables together, 4 bytes each: a service port of one family takes its table's size, twice that where a "
                + "traffic policy is Local, and once more while it changes (default: 1048576 from 4 GiB of memory on, down to 131072)"),
        new(TableSize.Affinity, "clients that session affinity remembers",
            "Clients that session affinity remembers (default: half as many as frontends)"),
        // With fewer, connections that end together have no place to wait for their last packets, and new ones time out.
        new(TableSize.Flows, "flows tracked at once, for each family; 544 bytes each",
            "Flows tracked at once, for each family (default: 131072 from 8 GiB of memory on, in proportion below; 544 bytes "
                + "each)") { Least = MinFlows },
        new(TableSize.SourceRanges, "loadBalancerSourceRanges together, for each family",
            "loadBalancerSourceRanges of all service ports together, for each family (default: 4096)"),
        new(TableSize.NodeAddresses, "addresses of this node's devices, for each family",
            "Addresses of this node's devices, for each family (default: 4096)"),
        new(TableSize.Devices, "devices of this node", "Devices of this node (default: 4096)"),
    ];

    /// <summary>Fewer do not work.</summary>
    public int Least { get; private init; } = 1;

    /// <summary>There are no ids for more.</summary>
    public int Most { get; private init; } = int.MaxValue;

    internal string Path => $"sizes.{Size.Field()}";

    internal void Check(string path, int? asked, Findings findings)
    {
        if (Problem(asked) is { } problem) findings.Error(path, problem);
    }

    /// <summary>What is wrong with a size that was asked for; null: nothing.</summary>
    private string? Problem(int? asked) => asked switch
    {
        < 1 => $"{asked} is not a number of map entries; give 1 or more",
        { } entries when entries < Least => $"{entries} {Size.Field()} are too few for connections to begin and end; give {Least} or more",
        { } entries when entries > Most => $"{entries} are more than there are ids for; give {Most} or less",
        _ => null,
    };
}
