namespace EbpfLb.Benchmarks.Reports;

/// <summary>Names one below the other, each with a bar for each of the legend: for more names than fit side by side.</summary>
internal static class RowPlot
{
    private const int Width = 640;
    private const int Right = 60;
    private const int Top = 60;
    private const int Bar = 12;
    private const int Gap = 8;

    /// <param name="title">Above all.</param>
    /// <param name="label">What the bars are.</param>
    /// <param name="legend">Names of a row's bars.</param>
    /// <param name="rows">From above; NaN: no bar, and a dash.</param>
    /// <param name="format">Of the figures.</param>
    public static Svg Draw(
        string title, string label, IReadOnlyList<string> legend, IReadOnlyList<(string Name, IReadOnlyList<double> Values)> rows,
        string format = "0.00")
    {
        // Of names and bars; a letter has 6.2 units at most, in the mean.
        var left = Math.Max(175, (int)(rows.Max(row => row.Name.Length) * 6.2) + 20);
        var step = (legend.Count * Bar) + Gap;
        var svg = new Svg(Width, Top + (rows.Count * step) + Gap);
        var scale = (Width - left - Right) / Svg.Nice(rows.SelectMany(row => row.Values).Where(double.IsFinite).Append(1e-9).Max());
        svg.Text(12, 20, "start", title, bold: true);
        svg.Text(12, 40, "start", label);
        var x = (double)Width;
        foreach (var (i, name) in legend.Index().Reverse().Where(_ => legend.Count > 1))
        {
            x -= 40 + (name.Length * 6.5);
            svg.Box(x, 31, 12, 10, i);
            svg.Text(x + 18, 40, "start", name);
        }
        foreach (var (at, (name, values)) in rows.Index())
        {
            var y = Top + (at * step);
            svg.Text(left - 8, y + (step - Gap) / 2.0 + 4, "end", name);
            foreach (var (i, value) in values.Index())
            {
                var length = double.IsFinite(value) ? Math.Max(value * scale, 1) : 0;
                if (length > 0) svg.Box(left, y + (i * Bar), length, Bar - 1, i);
                svg.Text(left + length + 5, y + (i * Bar) + 10, "start",
                    length > 0 ? value.ToString(format, System.Globalization.CultureInfo.InvariantCulture) : "-");
            }
        }
        svg.Line(left - 0.5, Top - 4, left - 0.5, Top + (rows.Count * step) - 4);
        return svg;
    }
}
