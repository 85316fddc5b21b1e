using System.Text.RegularExpressions;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>What stands in the way of writing figures into a page. The page is as it was.</summary>
internal sealed class PageException(string message) : Exception(message);

/// <summary>
/// A page with blocks that belong to benchmarks, from the line <c>&lt;!-- bench:NAME --&gt;</c> to <c>&lt;!-- /bench:NAME --&gt;</c>; a
/// benchmark whose tables stand at several places has NAME/PART too. All else belongs to who writes the page. Figures are in the
/// directory "figures" beside it.
/// </summary>
internal sealed partial class BenchPage(string path)
{
    /// <summary>Asked before anything is measured, as a run takes long.</summary>
    /// <param name="bench">Name of the benchmark.</param>
    /// <param name="blocks">Names of all its blocks.</param>
    /// <exception cref="PageException">
    /// The page cannot be read or written, its markers are wrong, or it has not exactly these blocks of the benchmark.
    /// </exception>
    public void Check(string bench, IEnumerable<string> blocks) => Try(() =>
    {
        File.Open(path, FileMode.Open, FileAccess.ReadWrite).Dispose();
        Find(bench, [.. blocks], Lines());
    });

    /// <summary>Puts the blocks of a run in the place of those that the page has, and the figures among the others.</summary>
    /// <exception cref="PageException">As above.</exception>
    public void Write(BenchResult result) => Try(() =>
    {
        var (lines, blocks) = (Lines(), result.Blocks);
        var old = Find(result.Name, [.. blocks.Keys], lines);
        // From the end, so that lines before keep their numbers.
        foreach (var (name, (first, last)) in old.OrderByDescending(block => block.Value.First))
        {
            lines.RemoveRange(first + 1, last - first - 1);
            lines.Insert(first + 1, blocks[name]);
        }
        var figures = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "figures");
        Directory.CreateDirectory(figures);
        ReplaceAll(
            [.. result.Figures.Select(figure => (Path.Combine(figures, figure.File), figure.Svg)), (path, string.Join('\n', lines))]);
    });

    /// <summary>All are written before the first one is renamed, so that what cannot be written is found in time.</summary>
    private static void ReplaceAll(IReadOnlyList<(string Path, string Text)> files)
    {
        var written = new List<string>();
        try
        {
            foreach (var (file, text) in files)
            {
                File.WriteAllText(Temporary(file), text);
                written.Add(Temporary(file));
            }
            foreach (var (file, _) in files) File.Move(Temporary(file), file, overwrite: true);
        }
        finally
        {
            written.ForEach(File.Delete);
        }

        static string Temporary(string file) => $"{file}.new";
    }

    private void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PageException)
        {
            throw new PageException($"{path}: {e.Message.TrimEnd('.')}. The page was not changed.");
        }
    }

    private List<string> Lines() => [.. File.ReadAllText(path).Split('\n')];

    private static Dictionary<string, (int First, int Last)> Find(string bench, IReadOnlyList<string> blocks, List<string> lines)
    {
        var own = BlocksOf(lines).Where(block => block.Key.Split('/')[0] == bench).ToDictionary();
        if (blocks.FirstOrDefault(name => !own.ContainsKey(name)) is { } missing)
        {
            throw new PageException(
                $"has no block '{missing}': put the lines '<!-- bench:{missing} -->' and '<!-- /bench:{missing} -->' where it belongs");
        }
        if (own.Keys.FirstOrDefault(name => !blocks.Contains(name)) is { } outdated)
            throw new PageException($"has a block '{outdated}', of which '{bench}' has no figures: remove it");
        return own;
    }

    /// <summary>Indexes of the markers' lines.</summary>
    private static Dictionary<string, (int First, int Last)> BlocksOf(List<string> lines)
    {
        var blocks = new Dictionary<string, (int First, int Last)>();
        (string Name, int Line)? open = null;
        foreach (var (index, line) in lines.Index())
        {
            if (Marker().Match(line) is not { Success: true } marker) continue;
            var name = marker.Groups["name"].Value;
            if (!marker.Groups["end"].Success)
            {
                if (open is { } outer) throw new PageException($"line {index + 1}: the block '{name}' begins within '{outer.Name}'");
                if (blocks.ContainsKey(name)) throw new PageException($"line {index + 1}: the block '{name}' is there twice");
                open = (name, index);
                continue;
            }
            if (open?.Name != name) throw new PageException($"line {index + 1}: the block '{name}' ends here, but did not begin");
            blocks.Add(name, (open.Value.Line, index));
            open = null;
        }
        if (open is { } unclosed) throw new PageException($"line {unclosed.Line + 1}: the block '{unclosed.Name}' does not end");
        return blocks;
    }

    [GeneratedRegex(@"^\s*<!--\s*(?<end>/)?bench:(?<name>\S+?)\s*-->\s*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Marker();
}
