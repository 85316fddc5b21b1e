using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Verification;

/// <summary>
/// Compares the table that was applied last with the mirror, and the mirror with the maps that plans are written to. What is found
/// wrong goes back to the mirror, as at the start of an agent, and the service is planned again: there is no second way of writing.
/// </summary>
public sealed class TableVerification : ITableVerification
{
    private readonly Mirror mirror;
    private readonly MirrorComparison mirrored;
    private readonly EntryComparison entries;
    private readonly ListComparison lists;
    private readonly SourceComparison sources;

    public TableVerification(PlanTables tables, Mirror mirror)
    {
        this.mirror = mirror;
        mirrored = new MirrorComparison(mirror);
        entries = new EntryComparison(tables, mirror);
        lists = new ListComparison(tables, mirror);
        sources = new SourceComparison(tables, mirror);
    }

    /// <summary>What the maps hold otherwise of one service, at once. May be called from any thread.</summary>
    public static IReadOnlyList<Difference> Check(PlanTables tables, Mirror mirror, ObjectName service)
    {
        var (entries, lists) = (new EntryComparison(tables, mirror), new ListComparison(tables, mirror));
        lock (mirror.Sync)
        {
            if (mirror.Unfinished.Contains(service)) return [];
            return [.. mirror.RecordsOf(service).SelectMany(record => entries.Of(record).Concat(lists.Of(record)))];
        }
    }

    public IReadOnlyList<ComparedElements> Compared => [mirrored.Compared, .. entries.Compared, .. lists.Compared, .. sources.Compared];

    public IEnumerable<int> Scan()
    {
        foreach (var step in mirrored.Scan()) yield return step;
        foreach (var step in entries.Scan()) yield return step;
        foreach (var step in lists.Scan()) yield return step;
        foreach (var step in sources.Scan()) yield return step;
    }

    public IReadOnlyList<Difference> Confirm(bool adopt)
    {
        List<Action> adoptions = [];
        lock (mirror.Sync)
        {
            // First everything is looked at: what is adopted changes what the others compare with.
            Difference[] differences =
            [
                .. mirrored.Confirm(adoptions), .. entries.Confirm(adoptions), .. lists.Confirm(adoptions), .. sources.Confirm(adoptions),
            ];
            if (!adopt) return differences;
            foreach (var adoption in adoptions) adoption();
            return differences;
        }
    }
}
