using System.Globalization;
using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Scale;

/// <summary>Figures by number of services, and the line a + b n that is nearest to each (least squares).</summary>
internal sealed class Growth
{
    private readonly Dictionary<string, List<(double Services, double Value)>> figures = [];

    public void Add(string figure, double services, double value)
    {
        if (!figures.TryGetValue(figure, out var points)) figures[figure] = points = [];
        points.Add((services, value));
    }

    /// <summary>Its points.</summary>
    public IReadOnlyList<(double Services, double Value)> this[string figure] => figures[figure];

    public void Print(Report report)
    {
        var sizes = figures.Values.First().Select(p => p.Services.ToString("N0", CultureInfo.InvariantCulture));
        report.Title(
            "How it grows",
            "By services; at the end the line a + b n through the figures by least squares, b for a thousand services, and "
                + "how much of the differences it explains (R squared).");
        report.Table(["", .. sizes, "a", "b", "R squared"], figures.Select(f =>
        {
            var (a, b, r) = Fit(f.Value);
            return (string[])[
                f.Key, .. f.Value.Select(p => Text(p.Value)), Text(a), Text(b * 1000), r.ToString("0.000", CultureInfo.InvariantCulture)];
        }));
    }

    private static (double A, double B, double R) Fit(List<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(p => p.X), points.Average(p => p.Y));
        var (xx, yy) = (points.Sum(p => (p.X - x) * (p.X - x)), points.Sum(p => (p.Y - y) * (p.Y - y)));
        var b = points.Sum(p => (p.X - x) * (p.Y - y)) / xx;
        return (y - (b * x), b, yy == 0 ? 1 : b * b * xx / yy);
    }

    private static string Text(double value)
        => value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.000", CultureInfo.InvariantCulture);
}
