using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Takes the agent's tables of services and backends along when one of them is made anew: all of them, so that none is shared with the
/// programs of before, and as they are, so that the ids mean the same and what programs know of ids goes on.
/// </summary>
internal sealed class TableMove : IDisposable
{
    private readonly Dictionary<string, OldMap> old = [];
    private bool isComplete;

    /// <summary>Those that define ids.</summary>
    public static IReadOnlyList<Table> Tables { get; } = [.. TableSpec.With(MapIds.Defined)];

    /// <summary>A table has fewer places now, so that ids may be too large: then all begin anew.</summary>
    public bool HasSmaller { get; set; }

    /// <summary>Prefixes are not read in batches by every kernel, so they move in their own layout only.</summary>
    public static bool CanMove(ObjectMap wanted, MapInfo pinned, bool? agrees)
        => Tables.Any(t => t.Name == wanted.Name) && pinned.Type == wanted.Type && pinned.Flags == wanted.Flags
            && pinned.MaxEntries <= wanted.MaxEntries
            && (agrees == true || (agrees == false && pinned.Type != MapType.LpmTrie));

    public void Add(string name, OldMap map) => old.Add(name, map);

    /// <summary>False: a table cannot be taken along.</summary>
    /// <param name="reusable">Tables that fit as they are; when others do not, they are taken out of it.</param>
    public bool TryComplete(Dictionary<string, BpfMap> reusable)
    {
        if (HasSmaller || !Tables.All(t => old.ContainsKey(t.Name) || reusable.ContainsKey(t.Name))) return false;
        isComplete = true;
        if (old.Count == 0) return true;
        foreach (var table in Tables)
        {
            if (reusable.Remove(table.Name, out var map)) old.Add(table.Name, new OldMap(map, null, null, null));
        }
        return true;
    }

    /// <summary>
    /// Fills the new tables of the loaded object. The programs of before stay with theirs, which nobody changes any more.
    /// </summary>
    public void Fill(BpfObject bpf)
    {
        if (!isComplete || old.Count == 0) return;
        Fill<LbFrontend4, LbService>(bpf, Abi.Tables.Services4);
        Fill<LbFrontend6, LbService>(bpf, Abi.Tables.Services6);
        Fill<LbSrcRange4, uint>(bpf, Abi.Tables.SrcRanges4);
        Fill<LbSrcRange6, uint>(bpf, Abi.Tables.SrcRanges6);
        Fill<uint, LbSlot>(bpf, Abi.Tables.Slots);
        Fill<uint, LbMaglevRow>(bpf, Abi.Tables.Maglev);
        Fill<uint, LbBackend>(bpf, Abi.Tables.Backends);
    }

    public void Dispose()
    {
        foreach (var map in old.Values) map.Dispose();
    }

    private void Fill<TKey, TValue>(BpfObject bpf, Table table)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        var entries = old[table.Name].Entries<TKey, TValue>();
        using var to = bpf.OpenMap<TKey, TValue>(table.Name);
        var (written, errno) = to.UpdateBatch([.. entries.Select(e => e.Key)], [.. entries.Select(e => e.Value)]);
        if (written < entries.Count) throw new BpfException(errno, "fill map", table.Name);
    }
}
