using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Verification;

/// <summary>The mirror, with lb_services4 and lb_services6.</summary>
internal sealed class EntryComparison(PlanTables tables, Mirror mirror)
{
    private const int LookupsAStep = 256;

    private readonly HashSet<FrontendKey> suspects = [];
    private readonly long[] compared = new long[2];

    public IEnumerable<ComparedElements> Compared =>
    [
        new(VerifyStage.Kernel, tables.Services4.Name, compared[0]),
        new(VerifyStage.Kernel, tables.Services6.Name, compared[1]),
    ];

    public IEnumerable<int> Scan()
    {
        suspects.Clear();
        foreach (var step in Scan(tables.Services4, IpFamily.IPv4, key => FrontendKey.From(key), key => key.ToFe4())) yield return step;
        foreach (var step in Scan(tables.Services6, IpFamily.IPv6, key => FrontendKey.From(key), key => key.ToFe6())) yield return step;
    }

    /// <summary>The caller holds the mirror's lock, here and until the adoptions are done.</summary>
    public IEnumerable<Difference> Confirm(List<Action> adoptions)
    {
        foreach (var key in suspects.Order())
        {
            if (Problem(key) is not var (difference, found)) continue;
            adoptions.Add(() => MirrorFeedback.Entry(mirror, key, found));
            yield return difference;
        }
    }

    /// <summary>What is wrong with the entries of one record. The caller holds the mirror's lock.</summary>
    public IEnumerable<Difference> Of(PortRecord record)
    {
        foreach (var key in record.Frontends)
            if (Problem(key) is var (difference, _)) yield return difference;
    }

    private (Difference Difference, LbService? Found)? Problem(FrontendKey key)
    {
        LbService? expected = mirror.TryGetEntry(key, out var believed) ? believed : null;
        LbService? found = TryRead(key, out var there) ? there : null;
        if (expected == found) return null;
        var owner = (expected ?? found) is { } value ? mirror.OwnerOf(value).Key : null;
        return (Describe(key, expected, found) with { Service = ListComparison.NameOf(owner) }, found);
    }

    private IEnumerable<int> Scan<TKey>(
        ITable<TKey, LbService> table, IpFamily family, Func<TKey, FrontendKey> from, Func<FrontendKey, TKey> to)
        where TKey : unmanaged
    {
        var (seen, matched) = (0L, 0);
        foreach (var part in table.ReadParts())
        {
            lock (mirror.Sync)
            {
                foreach (var (raw, value) in part)
                {
                    var key = from(raw);
                    if (mirror.TryGetEntry(key, out var expected) && expected == value) matched++;
                    else suspects.Add(key);
                }
            }
            seen += part.Count;
            yield return part.Count;
        }
        compared[family == IpFamily.IPv4 ? 0 : 1] = seen;
        FrontendKey[] keys;
        // Where all were met there is none to miss, and this is nearly always so.
        lock (mirror.Sync) keys = matched < mirror.FrontendCount(family) ? mirror.KeysOf(family) : [];
        foreach (var chunk in keys.Chunk(LookupsAStep))
        {
            foreach (var key in chunk)
                if (!table.TryRead(to(key), out _)) suspects.Add(key);
            yield return chunk.Length;
        }
    }

    private bool TryRead(FrontendKey key, out LbService value)
        => key.Table == IpFamily.IPv4 ? tables.Services4.TryRead(key.ToFe4(), out value) : tables.Services6.TryRead(key.ToFe6(), out value);

    private Difference Describe(FrontendKey key, LbService? expected, LbService? found)
    {
        var what = $"{(key.Table == IpFamily.IPv4 ? tables.Services4.Name : tables.Services6.Name)} {key}";
        if (expected is not { } wanted) return FieldText.Unasked(what, found!.Value);
        return found is { } there ? FieldText.Differing(what, wanted, there) : FieldText.Missing(what, wanted);
    }
}
