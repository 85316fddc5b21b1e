using System.Globalization;
using System.Net;
using System.Text;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>A figure for docs/figures: small, legible in a light and a dark page, and without a library or a script.</summary>
internal sealed class Svg
{
    private static readonly string[] Colours = ["#2b7bba", "#d9662b", "#3a9d5d", "#8a5fb0", "#b8434e"];
    private readonly StringBuilder svg = new();

    public Svg(int width, int height)
    {
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    }

    public void Text(double x, double y, string anchor, string text, bool bold = false) => Put(FormattableString.Invariant(
        $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\" fill=\"#222222\"{(bold ? " font-weight=\"bold\"" : "")}>")
        + $"{WebUtility.HtmlEncode(text)}</text>");

    public void Box(double x, double y, double width, double height, int colour)
        => Add($"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\" fill=\"{Colour(colour)}\"/>");

    public void Line(double x1, double y1, double x2, double y2)
        => Add($"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" stroke=\"#dddddd\"/>");

    public void Add(FormattableString line) => Put(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>Of the line or bar with this number.</summary>
    public static string Colour(int index) => Colours[index % Colours.Length];

    /// <summary>The whole file.</summary>
    public override string ToString() => $"{svg}</svg>\n";

    /// <summary>1, 2 or 5 times a power of ten, or a fifth more, not below the value.</summary>
    public static double Nice(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return new[] { 1, 1.5, 2, 3, 5, 10 }.Select(f => f * power).First(f => f >= value);
    }

    public static string Number(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);

    private void Put(string line) => svg.Append(line).Append('\n');
}
