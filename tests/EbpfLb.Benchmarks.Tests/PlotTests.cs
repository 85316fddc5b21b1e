using System.Globalization;
using System.Xml.Linq;
using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Tests;

/// <summary>Figures are XML that a browser takes, legible whatever the colour of the page, with nothing outside of the picture.</summary>
public sealed class PlotTests
{
    private const string Long = "the packet put back in front of the stack";

    public static TheoryData<string> Kinds { get; } = ["lines", "bars", "rows", "rows of one"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_figure_is_well_formed_and_legible_on_light_and_dark_pages(string kind)
    {
        var svg = XDocument.Parse(Draw(kind).ToString()).Root!;

        var size = svg.Attribute("viewBox")!.Value.Split(' ').Select(Number).ToArray();
        var (width, height) = (size[2], size[3]);
        var background = svg.Elements().First();
        Assert.Equal(("rect", "#ffffff"), (background.Name.LocalName, background.Attribute("fill")!.Value));
        Assert.Equal((width, height), (Number(background.Attribute("width")!.Value), Number(background.Attribute("height")!.Value)));
        foreach (var box in svg.Elements().Where(e => e.Name.LocalName == "rect"))
        {
            Assert.InRange(Of(box, "x") + Of(box, "width"), 0, width);
            Assert.InRange(Of(box, "y") + Of(box, "height"), 0, height);
        }
        foreach (var text in svg.Elements().Where(e => e.Name.LocalName == "text"))
        {
            Assert.Equal("#222222", text.Attribute("fill")!.Value);
            // Letters of 12 units are about half as wide.
            var length = text.Value.Length * 6;
            var left = Of(text, "x") - (text.Attribute("text-anchor")!.Value switch { "end" => length, "middle" => length / 2, _ => 0 });
            Assert.True(left >= 0 && left + length <= width, $"'{text.Value}' reaches from {left} to {left + length} of {width}");
            Assert.InRange(Of(text, "y"), 0, height);
        }
    }

    [Fact]
    public void What_was_not_measured_has_a_dash_and_no_bar()
    {
        var svg = XDocument.Parse($"{RowPlot.Draw("Memory", "MiB", ["kernel", "both"], [("rules", [4.0, double.NaN])], "0.0")}").Root!;

        Assert.Contains(svg.Elements(), e => e.Value == "4.0");
        Assert.Contains(svg.Elements(), e => e.Value == "-");
        // The background, two of the legend, and one bar.
        Assert.Equal(4, svg.Elements().Count(e => e.Name.LocalName == "rect"));
    }

    [Fact]
    public void A_ratio_is_taken_round_by_round()
    {
        var (mine, others) = (new Samples(), new Samples());
        foreach (var (a, b) in ((double, double)[])[(10, 5), (30, 30), (90, 30)])
        {
            mine.Add(a);
            others.Add(b);
        }

        Assert.Equal("2.0 [1.5-2.5]", mine.Over(others).Text("0.0"));
        others.Add(1);
        Assert.Throws<ArgumentException>(() => mine.Over(others));
    }

    private static Svg Draw(string kind) => kind switch
    {
        "lines" => Plot.Lines(
            "A & B <by> \"services\"", "services", "ms",
            [("median", [(1, 0.013), (1_000, 0.016), (50_000, 0.4)]), ("path, arrays", [(1, 0.03), (1_000, 0.045), (50_000, 0.2)])]),
        "bars" => Plot.Bars("Busiest", "1 is even", ["ours & theirs", "IPVS"], [("rr", [1.4, 1.42]), ("lc", [1.04, 10])]),
        "rows" => RowPlot.Draw("Packets", "ns", ["IPv4", "IPv6"], [(Long, [41, 42]), ("its <reply>", [0, 1200]), ("-", [double.NaN, 3])]),
        _ => RowPlot.Draw("Packets", "ns", [""], [(Long, [41])]),
    };

    private static double Of(XElement element, string name) => Number(element.Attribute(name)?.Value ?? "0");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
