using System.Text.Json;
using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Tests;

/// <summary>A run leaves its files, and a failed one nothing that looks like a result.</summary>
public sealed class BenchRunnerTests : IDisposable
{
    private const string Text = "before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter\n";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-bench-");
    private readonly StringWriter screen = new();
    private readonly StringWriter errors = new();

    public BenchRunnerTests() => File.WriteAllText(Page, Text);

    private string Page => Path.Combine(directory.FullName, "page.md");

    private string ResultsOfOne => Path.Combine(directory.FullName, "results", "one");

    public void Dispose()
    {
        screen.Dispose();
        errors.Dispose();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_run_leaves_its_tables_its_figures_and_what_it_was_measured_on()
    {
        Assert.True(await Run(Good, page: null), $"{errors}");

        Assert.Equal(Text, File.ReadAllText(Page));
        Assert.Contains("| a | 12 [10-14] | -3 |", screen.ToString());
        var markdown = File.ReadAllText(Path.Combine(ResultsOfOne, "one.md"));
        Assert.StartsWith("<!-- bench:one -->\n\n*Measured on 20", markdown);
        // Without what its builder added to the version.
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim().Split('-')[0];
        Assert.Contains($"kernel {kernel}, .NET {Environment.Version}", markdown);
        Assert.Contains("| a | 12 [10-14] | -3 |\n", markdown);
        Assert.True(File.Exists(Path.Combine(ResultsOfOne, "figures", "one.svg")));

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(ResultsOfOne, "one.json")));
        Assert.Equal(Environment.ProcessorCount, json.RootElement.GetProperty("machine").GetProperty("cpus").GetInt32());
        Assert.Equal("0123abcd", json.RootElement.GetProperty("commit").GetString());
        Assert.InRange(json.RootElement.GetProperty("loadBefore").GetDouble(), 0, 10_000);
        var items = json.RootElement.GetProperty("parts")[0].GetProperty("items");
        var row = items[1].GetProperty("rows")[0];
        Assert.Equal("a", row[0].GetString());
        Assert.Equal(12, row[1].GetProperty("median").GetDouble());
        Assert.Equal([10, 14], row[1].GetProperty("quartiles").EnumerateArray().Select(n => n.GetDouble()));
        Assert.Equal(-3, row[2].GetDouble());
    }

    [Fact]
    public async Task With_a_page_its_block_is_what_the_file_of_the_run_has()
    {
        Assert.True(await Run(Good, Page), $"{errors}");

        Assert.Equal($"before\n{File.ReadAllText(Path.Combine(ResultsOfOne, "one.md"))}after\n", File.ReadAllText(Page));
        Assert.Equal(
            File.ReadAllText(Path.Combine(ResultsOfOne, "figures", "one.svg")),
            File.ReadAllText(Path.Combine(directory.FullName, "figures", "one.svg")));
    }

    [Fact]
    public async Task A_failed_run_leaves_the_page_and_no_result_not_even_that_of_the_run_before()
    {
        Assert.True(await Run(Good, page: null), $"{errors}");

        Assert.False(await Run(
            report =>
            {
                Good(report);
                throw new InvalidOperationException("the backend did not answer");
            },
            Page));

        Assert.Equal(Text, File.ReadAllText(Page));
        Assert.False(Directory.Exists(ResultsOfOne));
        Assert.Contains("bench one failed", errors.ToString());
        Assert.Contains("the backend did not answer", errors.ToString());
    }

    [Fact]
    public async Task A_run_without_figures_has_failed()
    {
        Assert.False(await Run(report => report.Title("Speed", "By turns."), Page));

        Assert.Equal(Text, File.ReadAllText(Page));
        Assert.Contains("it reported no table", errors.ToString());
    }

    [Fact]
    public async Task A_page_that_changed_during_the_run_is_refused_and_the_result_is_kept()
    {
        Assert.False(await Run(
            report =>
            {
                Good(report);
                File.WriteAllText(Page, "no place any more\n");
            },
            Page));

        Assert.Equal("no place any more\n", File.ReadAllText(Page));
        Assert.Contains($"has no block 'one'", errors.ToString());
        Assert.Contains($"The result is in {ResultsOfOne}", errors.ToString());
        Assert.Contains("| a | 12 [10-14] | -3 |", File.ReadAllText(Path.Combine(ResultsOfOne, "one.md")));
    }

    private static void Good(Report report)
    {
        report.Title("Speed", "By turns.");
        report.Table(["what", "ns", "over b"], [["a", "12 [10-14]", "-3"]]);
        report.Figure("one.svg", "Speed of a", RowPlot.Draw("Speed", "ns", [""], [("a", [12.0])]));
    }

    private Task<bool> Run(Action<Report> bench, string? page) => new BenchRunner(
        Path.Combine(directory.FullName, "results"), page is null ? null : new BenchPage(page), "0123abcd", screen, errors)
        .RunAsync("one", "make bench ONLY=one", report =>
        {
            bench(report);
            return Task.CompletedTask;
        });
}
