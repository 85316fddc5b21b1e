using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Loading;

/// <summary>The programs as the kernel took them, with their maps.</summary>
internal sealed class LoadedProgram(MapSet maps, IReadOnlyDictionary<string, BpfProgram> programs, InstancePaths paths) : IDisposable
{
    public MapSet Maps => maps;

    /// <summary>By the name of their C function.</summary>
    public IReadOnlyDictionary<string, BpfProgram> Programs => programs;

    /// <summary>
    /// Gives the maps made now their names, and puts back names that somebody removed. The stamp comes last: maps
    /// without one are never trusted.
    /// </summary>
    /// <returns>Names that had to be put back, of maps that had been pinned before.</returns>
    public IReadOnlyList<string> PinMaps()
    {
        List<string> missing = [];
        foreach (var (name, map) in maps.All.OrderBy(m => m.Key == Abi.Tables.Meta.Name))
        {
            if (name == Abi.Tables.Meta.Name && AbiStamp.Read(map) != AbiStamp.Ours) AbiStamp.Write(map);
            if (IsPinned(map, paths.Map(name))) continue;
            Pin.Replace(map.Fd, paths.Map(name));
            missing.Add(name);
        }
        return missing;
    }

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        maps.Dispose();
    }

    private static bool IsPinned(BpfMap map, string path)
    {
        if (!Pin.Exists(path)) return false;
        using var pinned = BpfMap.OpenPinned(path);
        return pinned.Info.Id == map.Info.Id;
    }
}
