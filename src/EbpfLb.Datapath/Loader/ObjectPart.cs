using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loader;

internal static class ObjectPart
{
    /// <summary>
    /// Loads some programs of an opened object, over maps that exist: those of its maps that have the name of one become that one.
    /// </summary>
    /// <exception cref="BpfException">The kernel refused a program, or a map does not fit.</exception>
    public static void LoadPart(this BpfObject bpf, MapSet maps, IReadOnlyList<string> programs)
    {
        foreach (var map in bpf.Maps.Values)
            if (maps.All.TryGetValue(map.Name, out var ours)) map.Reuse(ours);
        foreach (var program in bpf.Programs.Values) program.AutoLoad = programs.Contains(program.Name);
        bpf.Load();
    }
}
