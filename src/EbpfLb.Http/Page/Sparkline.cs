using System.Globalization;
using System.Text;

namespace EbpfLb.Http.Page;

/// <summary>A line of rates without axes, as an inline picture. The text beside it says the same for who sees no picture.</summary>
internal static class Sparkline
{
    private const int Height = 20;
    private const int Step = 2;

    /// <param name="rates">Oldest first; NaN: not measured, where the line has a gap.</param>
    /// <param name="isLarge">As wide as the page.</param>
    public static void Write(HtmlWriter html, IReadOnlyList<float> rates, bool isLarge = false)
    {
        var most = 0f;
        var known = 0;
        foreach (var rate in rates)
        {
            if (float.IsNaN(rate)) continue;
            known++;
            most = Math.Max(most, rate);
        }
        if (known == 0)
        {
            html.Add($"<span class=\"none\">{PageText.Unknown}</span>");
            return;
        }
        var size = isLarge ? "spark large" : "spark";
        html.Add($"""
            <svg class="{size}" role="img" aria-label="at most {PageText.Rate(most)} a second in {known} readings"
            viewBox="0 0 {Math.Max(1, rates.Count - 1) * Step} {Height + 2}" preserveAspectRatio="none">
            <path d="{Path(rates, most)}"/></svg>
            """);
        if (isLarge) html.Add($"<p class=\"dim\">0 to {PageText.Rate(most)} a second; the last {rates.Count} readings.</p>\n");
    }

    /// <summary>Numbers only, so it needs no escaping.</summary>
    private static string Path(IReadOnlyList<float> rates, float most)
    {
        var path = new StringBuilder();
        var isDrawing = false;
        for (var i = 0; i < rates.Count; i++)
        {
            if (float.IsNaN(rates[i]))
            {
                isDrawing = false;
                continue;
            }
            var y = Height + 1 - (most > 0 ? (int)Math.Round(rates[i] / most * Height) : 0);
            path.Append(isDrawing ? 'L' : 'M').Append((i * Step).ToString(CultureInfo.InvariantCulture)).Append(' ')
                .Append(y.ToString(CultureInfo.InvariantCulture));
            isDrawing = true;
        }
        return path.ToString();
    }
}
