using System.Diagnostics;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>Runs a benchmark, leaves its result in a directory of its own and, where a page is given, in the page.</summary>
/// <param name="results">The directory above: NAME/NAME.md, NAME/NAME.json and NAME/figures are below it.</param>
/// <param name="page">null: no page is written.</param>
/// <param name="commit">What is measured.</param>
/// <param name="screen">Gets tables when they come.</param>
/// <param name="errors">Gets what failed.</param>
internal sealed class BenchRunner(string results, BenchPage? page, string commit, TextWriter screen, TextWriter errors)
{
    /// <param name="name">Of the benchmark.</param>
    /// <param name="command">That runs it.</param>
    /// <param name="bench">Measures and reports.</param>
    /// <returns>false: it failed, or the page could not be written; the page is as it was.</returns>
    public async Task<bool> RunAsync(string name, string command, Func<Report, Task> bench)
    {
        var directory = Path.Combine(results, name);
        try
        {
            // Of an older run; who finds it after this one has failed would take it for this one's.
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
            var (began, watch, load, report) = (DateTime.UtcNow, Stopwatch.StartNew(), Machine.Load(), new Report(screen));
            await bench(report);
            var result = new BenchResult(name, command, commit, began, watch.Elapsed, Machine.This(), load, Machine.Load(), report);
            if (!report.Parts.SelectMany(part => part.Items).OfType<ReportTable>().Any())
                throw new InvalidOperationException("it reported no table");
            Save(directory, result);
            page?.Write(result);
            screen.WriteLine();
            screen.WriteLine($"Written to {directory}{(page is null ? "" : " and to the page")}.");
            return true;
        }
        catch (PageException e)
        {
            errors.WriteLine($"bench {name}: {e.Message} The result is in {directory}.");
        }
        catch (Exception e)
        {
            errors.WriteLine($"bench {name} failed; the page has nothing of it: {e}");
        }
        return false;
    }

    private static void Save(string directory, BenchResult result)
    {
        var figures = Directory.CreateDirectory(Path.Combine(directory, "figures")).FullName;
        foreach (var figure in result.Figures) File.WriteAllText(Path.Combine(figures, figure.File), figure.Svg);
        File.WriteAllText(Path.Combine(directory, $"{result.Name}.json"), result.ToJson());
        File.WriteAllText(
            Path.Combine(directory, $"{result.Name}.md"),
            string.Join('\n', result.Blocks.Select(block => $"<!-- bench:{block.Key} -->\n{block.Value}\n<!-- /bench:{block.Key} -->\n")));
    }
}
