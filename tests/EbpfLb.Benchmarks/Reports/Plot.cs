namespace EbpfLb.Benchmarks.Reports;

/// <summary>Plots of values over an axis, and of groups of bars.</summary>
internal sealed class Plot
{
    private const int Width = 640;
    private const int Height = 300;
    private const int Left = 60;
    private const int Right = 130;
    private const int Top = 36;
    private const int Bottom = 44;
    private const int Ticks = 5;

    private readonly Svg svg = new(Width, Height);
    private readonly double top;

    private Plot(string title, string yLabel, double most)
    {
        top = Svg.Nice(most);
        svg.Text(Left, 20, "start", title, bold: true);
        svg.Text(Left, Top - 4, "start", yLabel);
        for (var i = 0; i <= Ticks; i++)
        {
            var value = top * i / Ticks;
            svg.Line(Left, Y(value), Width - Right, Y(value));
            svg.Text(Left - 6, Y(value) + 4, "end", Svg.Number(value));
        }
    }

    /// <summary>Lines over a logarithmic axis.</summary>
    public static Svg Lines(
        string title, string xLabel, string yLabel,
            IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> series)
    {
        var plot = new Plot(title, yLabel, series.Max(s => s.Points.Max(p => p.Y)));
        var xs = series.SelectMany(s => s.Points).Select(p => p.X).Distinct().Order().ToList();
        double X(double x) => Left + ((Width - Right - Left) * Math.Log(x / xs[0]) / Math.Log(xs[^1] / xs[0]));
        foreach (var x in xs) plot.svg.Text(X(x), Height - Bottom + 16, "middle", Svg.Number(x));
        plot.svg.Text((Left + Width - Right) / 2.0, Height - 8, "middle", xLabel);
        foreach (var (index, (name, points)) in series.Index())
        {
            var at = string.Join(' ', points.Select(p => FormattableString.Invariant($"{X(p.X):0.0},{plot.Y(p.Y):0.0}")));
            plot.svg.Add($"<polyline fill=\"none\" stroke=\"{Svg.Colour(index)}\" stroke-width=\"2\" points=\"{at}\"/>");
            plot.svg.Box(Width - Right + 14, Top + (index * 18), 12, 4, index);
            plot.svg.Text(Width - Right + 32, Top + (index * 18) + 6, "start", name);
        }
        return plot.svg;
    }

    /// <summary>A group of bars for each name, a bar for each of the legend.</summary>
    public static Svg Bars(
        string title, string yLabel, IReadOnlyList<string> legend,
            IReadOnlyList<(string Name, IReadOnlyList<double> Values)> groups)
    {
        var plot = new Plot(title, yLabel, groups.Max(g => g.Values.Max()));
        var step = (double)(Width - Right - Left) / groups.Count;
        var width = step * 0.8 / legend.Count;
        foreach (var (at, (name, values)) in groups.Index())
        {
            foreach (var (i, value) in values.Index())
            {
                var x = Left + (step * at) + (step * 0.1) + (width * i);
                var y = plot.Y(value);
                plot.svg.Box(x, y, width - 1, Height - Bottom - y, i);
            }
            plot.svg.Text(Left + (step * (at + 0.5)), Height - Bottom + 16, "middle", name);
        }
        foreach (var (i, text) in legend.Index())
        {
            plot.svg.Box(Width - Right + 14, Top + (i * 18), 12, 10, i);
            plot.svg.Text(Width - Right + 32, Top + (i * 18) + 10, "start", text);
        }
        return plot.svg;
    }

    private double Y(double value) => Height - Bottom - ((Height - Bottom - Top) * value / top);
}
