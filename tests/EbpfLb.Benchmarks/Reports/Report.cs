namespace EbpfLb.Benchmarks.Reports;

/// <summary>Something that a benchmark reports: a title, a table, a line of text or a figure.</summary>
internal abstract record ReportItem
{
    /// <summary>As docs/performance.md has it.</summary>
    public abstract string Markdown { get; }
}

/// <param name="Title">Of what follows.</param>
/// <param name="How">How it was measured, in sentences.</param>
internal sealed record ReportTitle(string Title, string How) : ReportItem
{
    public override string Markdown => $"**{Title}.** {How}";
}

/// <param name="Text">One paragraph.</param>
internal sealed record ReportText(string Text) : ReportItem
{
    public override string Markdown => Text;
}

/// <param name="Head">Names of the columns.</param>
/// <param name="Rows">A cell for each column.</param>
internal sealed record ReportTable(string[] Head, IReadOnlyList<string[]> Rows) : ReportItem
{
    public override string Markdown => string.Join('\n', [Line(Head), $"|{string.Concat(Head.Select(_ => "---|"))}", .. Rows.Select(Line)]);

    private static string Line(string[] cells)
        => $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
}

/// <param name="File">Name of the file among the figures.</param>
/// <param name="Title">What it shows, for those who do not see it.</param>
/// <param name="Svg">The whole file.</param>
internal sealed record ReportFigure(string File, string Title, string Svg) : ReportItem
{
    public override string Markdown => $"![{Title}](figures/{File})";
}

/// <summary>What a benchmark has found: printed when it comes, and kept for the files of the run and for the page.</summary>
internal sealed class Report(TextWriter screen)
{
    private readonly List<(string Name, List<ReportItem> Items)> parts = [];
    private string current = "";

    /// <summary>A part is what stands in one block of the page. Most benchmarks have one, without a name.</summary>
    public IReadOnlyList<(string Name, List<ReportItem> Items)> Parts => parts;

    /// <summary>What follows stands in a block of its own.</summary>
    public void Part(string name) => current = name;

    public void Title(string title, string how) => Add(new ReportTitle(title, how));

    public void Text(string text) => Add(new ReportText(text));

    public void Table(string[] head, IEnumerable<string[]> rows) => Add(new ReportTable(head, [.. rows]));

    public void Figure(string file, string title, Svg svg) => Add(new ReportFigure(file, title, svg.ToString()));

    private void Add(ReportItem item)
    {
        var items = parts.Find(part => part.Name == current).Items;
        if (items is null) parts.Add((current, items = []));
        items.Add(item);
        screen.WriteLine();
        screen.WriteLine(item.Markdown);
    }
}
