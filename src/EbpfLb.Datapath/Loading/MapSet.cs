using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loading;

/// <summary>The maps of a loaded object by name, and which of them were made now rather than found pinned.</summary>
internal sealed class MapSet(
    IReadOnlyDictionary<string, BpfMap> maps, IReadOnlySet<string> created, IReadOnlyDictionary<string, BpfMap> outgrown) : IDisposable
{
    public IReadOnlyDictionary<string, BpfMap> All => maps;

    /// <summary>Not pinned yet: nobody but us knows them.</summary>
    public IReadOnlySet<string> Created => created;

    /// <summary>Maps that the programs still in force use, of another size than those made now; their entries are to be taken over.</summary>
    public IReadOnlyDictionary<string, BpfMap> Outgrown => outgrown;

    /// <summary>A handle of the caller's own.</summary>
    public BpfMap Take(Table table) => maps[table.Name].Duplicate();

    public void Dispose()
    {
        foreach (var map in maps.Values.Concat(outgrown.Values)) map.Dispose();
    }
}
