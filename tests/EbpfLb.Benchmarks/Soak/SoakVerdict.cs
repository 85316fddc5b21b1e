using System.Globalization;
using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>
/// Whether a run was flat: a line is fitted by least squares to the last three quarters of the samples, and what it rises (or falls, where
/// that would be the harm) over them is compared with their mean.
/// </summary>
internal static class SoakVerdict
{
    /// <summary>Name, the direction that does harm, and the share of the mean that it may go there.</summary>
    private static readonly (string Name, int Harm, double Share)[] Judged =
    [
        ("rss_mib", 1, 0.05), ("anon_mib", 1, 0.05), ("fds", 1, 0.02), ("threads", 1, 0.1), ("arrival_p50_ms", 1, 0.25),
        ("arrival_p99_ms", 1, 0.5), ("round_p50_ms", 1, 0.25), ("cpu_percent", 1, 0.25), ("entries_lb_services4", 1, 0.01),
        ("entries_lb_backends", 1, 0.02), ("entries_lb_slots", 1, 0.02), ("largest_hole", -1, 0.25),
    ];

    private static readonly string[] MustBeZero = ["not_programmed", "differences", "not_given_back"];

    /// <summary>Prints a table; returns whether all was flat.</summary>
    public static bool Judge(IReadOnlyList<SoakSample> samples)
    {
        var last = samples.Skip(samples.Count / 4).ToArray();
        var good = true;
        var rows = new List<string[]>();
        foreach (var (name, harm, share) in Judged)
        {
            var points = last.Where(s => s.Values.TryGetValue(name, out var v) && !double.IsNaN(v))
                .Select(s => (X: s.Minute, Y: s.Values[name])).ToArray();
            if (points.Length < 3) continue;
            var slope = Slope(points);
            var mean = points.Average(p => p.Y);
            var went = slope * (points[^1].X - points[0].X);
            var isFlat = went * harm <= share * mean;
            good &= isFlat;
            rows.Add([name, Text(mean), Text(slope * 60), $"{Percent(went / mean)}", $"{(harm > 0 ? "+" : "-")}{Percent(share)}",
                isFlat ? "flat" : "NOT FLAT"]);
        }
        foreach (var name in MustBeZero)
        {
            var most = samples.Max(s => s.Values[name]);
            good &= most == 0;
            rows.Add([name, Text(most), "", "", "0 at every minute", most == 0 ? "0" : "NOT 0"]);
        }
        var report = new Report(Console.Out);
        report.Title(
            "Verdict",
            "A line through the last three quarters of the minutes (least squares); 'went': from their first to their last, "
                + "against their mean; 'may': how far it may go to the side that does harm.");
        report.Table(["", "mean", "slope an hour", "went", "may", ""], rows);
        return good;
    }

    private static double Slope((double X, double Y)[] points)
    {
        var (x, y) = (points.Average(p => p.X), points.Average(p => p.Y));
        var square = points.Sum(p => (p.X - x) * (p.X - x));
        return square == 0 ? 0 : points.Sum(p => (p.X - x) * (p.Y - y)) / square;
    }

    private static string Text(double value) => value.ToString(Math.Abs(value) >= 100 ? "0" : "0.00", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
