using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Verification;

/// <summary>The mirror, with lb_src_ranges4 and lb_src_ranges6: which keys are there, as their values mean nothing.</summary>
internal sealed class SourceComparison(PlanTables tables, Mirror mirror)
{
    private readonly long[] compared = new long[2];
    private bool isSuspect;

    public IEnumerable<ComparedElements> Compared =>
    [
        new(VerifyStage.Kernel, tables.SourceRanges4.Name, compared[0]),
        new(VerifyStage.Kernel, tables.SourceRanges6.Name, compared[1]),
    ];

    public IEnumerable<int> Scan()
    {
        HashSet<SourceKey> found = [];
        isSuspect = false;
        foreach (var part in tables.SourceRanges4.ReadParts())
        {
            found.UnionWith(part.Select(e => SourceKey.From(e.Key)));
            yield return part.Count;
        }
        compared[0] = found.Count;
        foreach (var part in tables.SourceRanges6.ReadParts())
        {
            found.UnionWith(part.Select(e => SourceKey.From(e.Key)));
            yield return part.Count;
        }
        compared[1] = found.Count - compared[0];
        lock (mirror.Sync) isSuspect = !found.SetEquals(mirror.Sources.All);
    }

    /// <summary>The caller holds the mirror's lock, here and until the adoptions are done.</summary>
    public IEnumerable<Difference> Confirm(List<Action> adoptions)
    {
        if (!isSuspect) yield break;
        HashSet<SourceKey> found = [
            .. Read(tables.SourceRanges4).Select(k => SourceKey.From(k)), .. Read(tables.SourceRanges6).Select(k => SourceKey.From(k))];
        var expected = mirror.Sources.All.ToHashSet();
        foreach (var key in expected.Except(found).Order())
        {
            adoptions.Add(() => MirrorFeedback.SourceMissing(mirror, key));
            yield return new Difference(VerifyStage.Kernel, NameOf(key), Difference.Whole, "present", Difference.None);
        }
        foreach (var key in found.Except(expected).Order())
        {
            adoptions.Add(() => MirrorFeedback.UntranslatedSource(mirror, key));
            yield return new Difference(VerifyStage.Kernel, NameOf(key), Difference.Whole, Difference.None, "present");
        }
    }

    private string NameOf(SourceKey key) => $"{(key.Table == IpFamily.IPv4 ? tables.SourceRanges4.Name : tables.SourceRanges6.Name)} {key}";

    private static IEnumerable<TKey> Read<TKey>(ITable<TKey, uint> table)
        where TKey : unmanaged => table.ReadParts().SelectMany(part => part.Select(e => e.Key));
}
