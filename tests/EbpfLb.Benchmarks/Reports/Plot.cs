using System.Globalization;
using System.Net;
using System.Text;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>Plots as SVG, for docs/figures: small, legible in a light and a dark page, and without a library or a script.</summary>
internal sealed class Plot
{
    private const int Width = 640;
    private const int Height = 300;
    private const int Left = 60;
    private const int Right = 130;
    private const int Top = 36;
    private const int Bottom = 44;
    private const int Ticks = 5;
    private static readonly string[] Colours = ["#2b7bba", "#d9662b", "#3a9d5d", "#8a5fb0", "#b8434e"];

    private readonly StringBuilder svg = new();
    private readonly double top;

    private Plot(string title, string yLabel, double most)
    {
        top = Nice(most);
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>");
        Text(Left, 20, "start", title, bold: true);
        Text(Left, Top - 4, "start", yLabel);
        for (var i = 0; i <= Ticks; i++)
        {
            var value = top * i / Ticks;
            Add($"<line x1=\"{Left}\" y1=\"{Y(value)}\" x2=\"{Width - Right}\" y2=\"{Y(value)}\" stroke=\"#dddddd\"/>");
            Text(Left - 6, Y(value) + 4, "end", Number(value));
        }
    }

    /// <summary>Lines over a logarithmic axis.</summary>
    public static void Lines(
        string file, string title, string xLabel, string yLabel,
            IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> series)
    {
        var plot = new Plot(title, yLabel, series.Max(s => s.Points.Max(p => p.Y)));
        var xs = series.SelectMany(s => s.Points).Select(p => p.X).Distinct().Order().ToList();
        double X(double x) => Left + ((Width - Right - Left) * Math.Log(x / xs[0]) / Math.Log(xs[^1] / xs[0]));
        foreach (var x in xs) plot.Text(X(x), Height - Bottom + 16, "middle", Number(x));
        plot.Text((Left + Width - Right) / 2.0, Height - 8, "middle", xLabel);
        foreach (var (index, (name, points)) in series.Index())
        {
            var colour = Colours[index % Colours.Length];
            plot.Add($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ',
                points.Select(p => FormattableString.Invariant($"{X(p.X):0.0},{plot.Y(p.Y):0.0}")))}\"/>");
            plot.Add($"<rect x=\"{Width - Right + 14}\" y=\"{Top + (index * 18)}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>");
            plot.Text(Width - Right + 32, Top + (index * 18) + 6, "start", name);
        }
        plot.Save(file);
    }

    /// <summary>A group of bars for each name, a bar for each of the legend.</summary>
    public static void Bars(
        string file, string title, string yLabel, IReadOnlyList<string> legend,
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
                var (y, fill) = (plot.Y(value), Colours[i % Colours.Length]);
                plot.Add(
                    $"<rect x=\"{x:0.0}\" y=\"{y:0.0}\" width=\"{width - 1:0.0}\" height=\"{Height - Bottom - y:0.0}\" fill=\"{fill}\"/>");
            }
            plot.Text(Left + (step * (at + 0.5)), Height - Bottom + 16, "middle", name);
        }
        foreach (var (i, text) in legend.Index())
        {
            plot.Put($"<rect x=\"{Width - Right + 14}\" y=\"{Top + (i * 18)}\" width=\"12\" height=\"10\" "
                + $"fill=\"{Colours[i % Colours.Length]}\"/>");
            plot.Text(Width - Right + 32, Top + (i * 18) + 10, "start", text);
        }
        plot.Save(file);
    }

    private double Y(double value) => Height - Bottom - ((Height - Bottom - Top) * value / top);

    /// <summary>1, 2 or 5 times a power of ten, or a fifth more, not below the value.</summary>
    private static double Nice(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return new[] { 1, 1.5, 2, 3, 5, 10 }.Select(f => f * power).First(f => f >= value);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private void Text(double x, double y, string anchor, string text, bool bold = false) => Put(FormattableString.Invariant(
        $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\" fill=\"#222222\"{(bold ? " font-weight=\"bold\"" : "")}>")
        + $"{WebUtility.HtmlEncode(text)}</text>");

    private void Add(FormattableString line) => Put(line.ToString(CultureInfo.InvariantCulture));

    private void Put(string line) => svg.Append(line).Append('\n');

    private void Save(string file)
    {
        Put("</svg>");
        File.WriteAllText(Path.Combine(RepositoryPaths.Root, "docs", "figures", file), svg.ToString());
    }
}
