using EbpfLb.Bpf;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Loader;

/// <summary>Sizes that no map can have, or that the kernel refused: the message names the option and what to do.</summary>
internal static class MapCapacity
{
    /// <summary>
    /// htab_map_alloc of kernel/bpf/hashtab.c: as many buckets as entries, rounded up to a power of two, of 16 bytes each, which together
    /// are less than 4 GiB; else E2BIG.
    /// </summary>
    internal const uint MostOfHash = 1u << 27;

    /// <summary>Programs and agent count the elements of an array in 32 bits, the agent with a sign.</summary>
    private const uint MostOfOthers = int.MaxValue;

    /// <summary>max_entries of a map.</summary>
    /// <exception cref="InvalidOperationException">No map of its kind has so many.</exception>
    public static uint Entries(TableSpec spec, MapType type, MapSizes sizes, MapCpus cpus)
    {
        var most = type is MapType.Hash or MapType.LruHash ? MostOfHash : MostOfOthers;
        if (spec.Problem(sizes, cpus, most) is { } problem) throw new InvalidOperationException(problem);
        return (uint)spec.Entries(sizes, cpus);
    }

    /// <summary>
    /// What the kernel said of a map whose size users can set, or for which larger ones have left no memory; null: it was about something
    /// else.
    /// </summary>
    /// <param name="maps">Those of the object that could not be loaded.</param>
    public static InvalidOperationException? Explain(BpfLoadException refusal, IReadOnlyList<ObjectMap> maps)
    {
        if (refusal.ProgramName is not null || refusal.Errno is not (Errno.ENOMEM or Errno.E2BIG or Errno.EINVAL)) return null;
        var map = maps.FirstOrDefault(m => refusal.LibraryLog.Any(line => line.Contains($"'{m.Name}'", StringComparison.Ordinal)));
        if (map is null) return null;
        var remedy = RemedyOf(map) is { } own ? $"start the agent {own}" : refusal.Errno == Errno.ENOMEM ? RemedyOfLargest(maps) : null;
        if (remedy is null) return null;
        var why = refusal.Errno == Errno.ENOMEM ? "the machine or the agent's memory cgroup has too little memory for it" : refusal.Summary;
        return new InvalidOperationException(
            $"the kernel refused {map.Name} with {map.MaxEntries} entries of {map.KeySize + map.ValueSize} bytes "
                + $"({refusal.Errno}): {why}; {remedy}", refusal);
    }

    private static string? RemedyOf(ObjectMap map) => TableSpec.Find(map.Name)?.Remedy;

    private static string? RemedyOfLargest(IEnumerable<ObjectMap> maps)
        => maps.Where(m => RemedyOf(m) is not null).MaxBy(m => m.MaxEntries * (ulong)(m.KeySize + m.ValueSize)) is { } largest
            ? $"{largest.Name} is the largest map: start the agent {RemedyOf(largest)}" : null;
}
