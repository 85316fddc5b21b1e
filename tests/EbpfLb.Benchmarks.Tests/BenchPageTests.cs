using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Tests;

/// <summary>A run replaces its own blocks of a page and nothing else; where it may not, the page stays as it was.</summary>
public sealed class BenchPageTests : IDisposable
{
    private const string Text =
        """
        # Page

        What is said of the figures.

        <!-- bench:one -->
        | old |
        |---|
        | 1 |
        <!-- /bench:one -->

        Between, with `<!-- bench:one -->` in a sentence.

        <!-- bench:one/more -->
        <!-- /bench:one/more -->
        <!-- bench:onesie -->
        | another's |
        |---|
        | 2 |
        <!-- /bench:onesie -->

        The end.

        """;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-page-");

    private string Page => Path.Combine(directory.FullName, "page.md");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void Blocks_of_the_run_are_replaced_and_all_else_stays()
    {
        File.WriteAllText(Page, Text);

        new BenchPage(Page).Write(Results.Of("one", Report));

        var written = File.ReadAllText(Page);
        Assert.Equal(Text.Split("| old |")[0], written.Split("\n*Measured")[0]);
        Assert.Equal(Text[Text.IndexOf("<!-- bench:onesie", StringComparison.Ordinal)..],
            written[written.IndexOf("<!-- bench:onesie", StringComparison.Ordinal)..]);
        Assert.Contains("<!-- /bench:one -->\n\nBetween, with `<!-- bench:one -->` in a sentence.\n\n<!-- bench:one/more -->\n", written);
        Assert.DoesNotContain("| old |", written);
        var (first, second) = (BlockOf(written, "one"), BlockOf(written, "one/more"));
        Assert.Contains(
            "\n\n**Speed.** By turns.\n\n| what | ns |\n|---|---|\n| a | 12 [10-14] |\n\n![Speed of a](figures/one.svg)\n", first);
        Assert.Contains("\n| b | 7 |\n", second);
        // Tables of various days and machines stand in one page, so each block says of what it is.
        Assert.All([first, second], block => Assert.StartsWith(
            "\n*Measured on 2026-01-02 03:04 UTC by `make bench ONLY=one` in 61 s, commit 0123abcd. 2 CPUs Some CPU of a virtual machine, "
                + "L2 2 MiB each, L3 32 MiB shared, 23 GiB of memory; kernel 6.18.1, .NET 10.0.1. "
                + "Load average 0.25 before, 1.50 at the end.*\n", block));
        Assert.StartsWith("<svg", File.ReadAllText(Path.Combine(directory.FullName, "figures", "one.svg")));
        Assert.Equal(["figures", "page.md"], directory.EnumerateFileSystemInfos().Select(file => file.Name).Order());
    }

    [Fact]
    public void The_next_run_replaces_what_a_run_has_written()
    {
        File.WriteAllText(Page, Text);
        new BenchPage(Page).Write(Results.Of("one", Report));
        var once = File.ReadAllText(Page);

        new BenchPage(Page).Write(Results.Of("one", Report));

        Assert.Equal(once, File.ReadAllText(Page));
    }

    [Theory]
    [InlineData("<!-- bench:one/more -->\n<!-- /bench:one/more -->\n", "", "has no block 'one/more': put the lines")]
    [InlineData("The end.", "<!-- bench:one/old -->\n<!-- /bench:one/old -->", "has a block 'one/old', of which 'one' has no figures")]
    [InlineData("| old |", "<!-- bench:two -->\n| old |", "line 6: the block 'two' begins within 'one'")]
    [InlineData("The end.", "<!-- bench:one -->\n<!-- /bench:one -->", "line 21: the block 'one' is there twice")]
    [InlineData("<!-- /bench:onesie -->", "", "line 15: the block 'onesie' does not end")]
    [InlineData("| old |", "<!-- /bench:two -->", "line 6: the block 'two' ends here, but did not begin")]
    [InlineData("The end.", "<!-- /bench:onesie -->", "line 21: the block 'onesie' ends here, but did not begin")]
    public void Wrong_markers_are_named_and_the_page_stays(string old, string replaced, string expected)
    {
        var text = Text.Replace(old, replaced, StringComparison.Ordinal);
        Assert.NotEqual(Text, text);

        Refused(text, expected, page => page.Write(Results.Of("one", Report)));
        // Nothing has to be measured to find that out.
        Refused(text, expected, page => page.Check("one", ["one", "one/more"]));
    }

    [Fact]
    public void A_page_that_cannot_be_written_stays()
    {
        var (figures, temporary) = (Path.Combine(directory.FullName, "figures"), Path.Combine(directory.FullName, "page.md.new"));
        File.WriteAllText(figures, "");
        Refused(Text, "figures", page => page.Write(Results.Of("one", Report)));
        File.Delete(figures);

        // What root may not write either: another thing has the name.
        Directory.CreateDirectory(temporary);
        Refused(Text, "page.md.new", page => page.Write(Results.Of("one", Report)));
        Assert.Empty(Directory.GetFileSystemEntries(figures));
    }

    [Fact]
    public void A_page_that_is_not_there_is_named()
    {
        var refused = Assert.Throws<PageException>(() => new BenchPage(Page).Check("one", ["one"]));

        Assert.Contains(Page, refused.Message);
        Assert.False(File.Exists(Page));
    }

    [Fact]
    public void The_page_of_the_repository_has_a_place_for_every_benchmark()
    {
        File.Copy(Path.Combine(RepositoryPaths.Root, "docs", "performance.md"), Page);

        foreach (var bench in Bench.All) new BenchPage(Page).Check(bench.Name, bench.Blocks);
    }

    private static void Report(Report report)
    {
        report.Title("Speed", "By turns.");
        report.Table(["what", "ns"], [["a", "12 [10-14]"]]);
        report.Figure("one.svg", "Speed of a", RowPlot.Draw("Speed", "ns", [""], [("a", [12.0])]));
        report.Part("more");
        report.Table(["what", "ns"], [["b", "7"]]);
    }

    private static string BlockOf(string page, string name)
        => page.Split($"<!-- bench:{name} -->\n")[1].Split($"<!-- /bench:{name} -->")[0];

    private void Refused(string text, string expected, Action<BenchPage> act)
    {
        File.WriteAllText(Page, text);
        var before = Names().ToList();

        var refused = Assert.Throws<PageException>(() => act(new BenchPage(Page)));

        Assert.Contains(expected, refused.Message);
        Assert.Contains(Page, refused.Message);
        Assert.EndsWith("The page was not changed.", refused.Message);
        Assert.Equal(text, File.ReadAllText(Page));
        Assert.Equal(before, Names().Where(name => name != "figures" || before.Contains(name)));

        IEnumerable<string> Names() => directory.EnumerateFileSystemInfos().Select(file => file.Name).Order(StringComparer.Ordinal);
    }
}
