using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Sizes that nobody asked for follow the memory of the machine, which may have less than when the maps were made: a balloon took some, or
/// it was unplugged. Maps that are there have their memory, and making them anew forgets what programs know beside the tables; so such a
/// size is never less than that of the pinned map.
/// </summary>
internal static class KeptSizes
{
    /// <param name="sizes">By the memory of the machine, and what was asked for.</param>
    /// <param name="unasked">Those that may grow.</param>
    /// <exception cref="BpfException">A pinned map cannot be read.</exception>
    public static MapSizes Of(InstancePaths paths, MapSizes sizes, IReadOnlySet<TableSize> unasked, MapCpus cpus, ILogger logger)
    {
        // Where the maps mean something else none of them is used.
        if (unasked.Count == 0 || AbiStamp.TryRead(paths.Map(Abi.Tables.Meta.Name))?.Version != AbiStamp.Ours.Version) return sizes;
        var asked = sizes;
        // lb_traffic has a place for each backend on each CPU: where it is only now to be made, that says how many backends there may be.
        var countsAnew = sizes.CountsTraffic && Pinned(paths, TableSpec.Find(Abi.Tables.Traffic.Name)!) is null or 1;
        foreach (var size in unasked)
        {
            if (countsAnew && size == TableSize.Backends) continue;
            var spec = TableSpec.All.First(s => s.Size == size);
            if (Pinned(paths, spec) is not { } pinned) continue;
            sizes = AtLeast(sizes, pinned, sizes[size], (s, entries) => s.With(size, entries), s => spec.Entries(s, cpus));
        }
        List<string> kept = [.. unasked.Where(size => sizes[size] != asked[size]).Order().Select(size => $"{size.Option()} {sizes[size]}")];
        if (kept.Count > 0) Log.SizesKept(logger, string.Join(", ", kept));
        // Users cannot set these.
        return Unnamed(Unnamed(sizes, Abi.Tables.Frags, s => s.Fragments, (s, n) => s with { Fragments = n }),
            Abi.Tables.UdpPeer, s => s.UdpPeers, (s, n) => s with { UdpPeers = n });

        MapSizes Unnamed(MapSizes from, Table table, Func<MapSizes, uint> get, Func<MapSizes, uint, MapSizes> with)
            => TableSpec.Find(table.Name) is { } spec && Pinned(paths, spec) is { } pinned
                ? AtLeast(from, pinned, get(from), with, s => spec.Entries(s, cpus))
                : from;
    }

    private static uint? Pinned(InstancePaths paths, TableSpec spec)
    {
        var pin = paths.Map(spec.Table.Name);
        if (!Pin.Exists(pin)) return null;
        using var map = BpfMap.OpenPinned(pin);
        return map.Info.MaxEntries;
    }

    /// <summary>With the largest size of which the map has no more entries than the pinned one; as it is where it has more now.</summary>
    private static MapSizes AtLeast(
        MapSizes sizes, uint pinned, uint now, Func<MapSizes, uint, MapSizes> with, Func<MapSizes, ulong> entries)
    {
        if (entries(sizes) >= pinned) return sizes;
        var (fits, tooLarge) = (now, Math.Max(now, 1));
        // max_entries of a map are at most 2^31, but one entry may be of several places.
        while (tooLarge < 1u << 31 && entries(with(sizes, tooLarge)) <= pinned) tooLarge *= 2;
        while (tooLarge - fits > 1)
        {
            var middle = fits + (tooLarge - fits) / 2;
            if (entries(with(sizes, middle)) <= pinned) fits = middle;
            else tooLarge = middle;
        }
        return with(sizes, fits);
    }
}
