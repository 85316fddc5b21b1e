using EbpfLb.Benchmarks.Reports;
using EbpfLb.Model;
using EbpfLb.Planning.Maglev;
using EbpfLb.Policy;

namespace EbpfLb.Benchmarks.Schedulers;

/// <summary>
/// How many entries of a Maglev table change their backend without need when one backend goes, as the paper plots it (Eisenbud and others,
/// NSDI 2016, figure 12); and by how much shares differ.
/// </summary>
internal static class DisruptionBench
{
    private const int Removed = 20;
    private static readonly int[] Backends = [5, 10, 20, 50, 100, 200, 500];
    private static readonly int[] Tables = [1021, MaglevTableSize.Default, 65521];

    public static void Run(Report report)
    {
        var rows = (from size in Tables from count in Backends select Measure(size, count)).ToList();
        report.Title("Maglev: what moves when a backend goes",
            $"Each of {Removed} backends removed in turn (all of fewer): entries that moved though their backend stayed, and the busiest "
                + "backend's share over the average's.");
        report.Table(["entries", "backends", "moved without need, % of all", "largest share over average, %"],
            rows.Select(r => (string[])[$"{r.Size}", $"{r.Count}", $"{r.Moved:0.00}", $"{r.Excess:0.0}"]));
        report.Figure("maglev-disruption.svg", "Entries of a Maglev table that move without need when one of so many backends goes",
            Plot.Lines("Entries that move without need when one backend goes", "backends", "% of the table",
            [.. Tables.Select(size => ($"{size} entries",
                (IReadOnlyList<(double, double)>)[.. rows.Where(r => r.Size == size).Select(r => ((double)r.Count, r.Moved))]))]));
    }

    private static (int Size, int Count, double Moved, double Excess) Measure(int size, int count)
    {
        var all = Enumerable.Range(0, count).Select(i => new MaglevBackend(
            new BackendAddress(IpAddress.Parse($"10.1.{i / 250}.{(i % 250) + 1}"), 8080), 1)).ToArray();
        var before = new int[size];
        MaglevTable.Build(all, before);
        var most = before.GroupBy(b => b).Max(g => g.Count());
        var moved = new List<double>();
        foreach (var gone in Enumerable.Range(0, Math.Min(count, Removed)).Select(i => i * count / Math.Min(count, Removed)))
        {
            var rest = all.Where((_, i) => i != gone).ToArray();
            var after = new int[size];
            MaglevTable.Build(rest, after);
            moved.Add(100.0 * before.Zip(after).Count(p => p.First != gone && all[p.First] != rest[p.Second]) / size);
        }
        return (size, count, moved.Average(), 100.0 * ((double)most * count / size - 1));
    }
}
