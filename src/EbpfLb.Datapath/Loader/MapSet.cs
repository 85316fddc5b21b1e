using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loader;

/// <summary>The maps of a loaded object by name, and which of them were made now rather than found pinned.</summary>
internal sealed class MapSet(
    IReadOnlyDictionary<string, BpfMap> maps, IReadOnlySet<string> created, IReadOnlyDictionary<string, OldMap> outgrown) : IDisposable
{
    public IReadOnlyDictionary<string, BpfMap> All => maps;

    /// <summary>Not pinned yet: nobody but us knows them.</summary>
    public IReadOnlySet<string> Created => created;

    /// <summary>Those whose entries are to be taken over.</summary>
    public IReadOnlyDictionary<string, OldMap> Outgrown => outgrown;

    /// <summary>
    /// Maps of before the outgrown ones, or before those that were found, of agents that were killed while they brought along what these
    /// know (<see cref="Handover.InterruptedHandover"/>); the newest first.
    /// </summary>
    public IReadOnlyList<IReadOnlyDictionary<string, OldMap>> Left { get; init; } = [];

    /// <summary>The same maps, as those to take over from <paramref name="old"/>. Not to be disposed of.</summary>
    public MapSet Over(IReadOnlyDictionary<string, OldMap> old) => new(maps, created, old);

    /// <summary>A handle of the caller's own.</summary>
    public BpfMap Take(Table table) => maps[table.Name].Duplicate();

    public void Dispose()
    {
        foreach (var map in maps.Values) map.Dispose();
        foreach (var map in outgrown.Values.Concat(Left.SelectMany(l => l.Values))) map.Dispose();
    }
}
