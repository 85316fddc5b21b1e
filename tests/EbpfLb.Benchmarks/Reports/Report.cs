namespace EbpfLb.Benchmarks.Reports;

/// <summary>A Markdown table on standard output, so that docs/performance.md can take it as it is.</summary>
internal static class Report
{
    public static void Title(string title, string how)
    {
        Console.WriteLine();
        Console.WriteLine($"### {title}");
        Console.WriteLine();
        Console.WriteLine(how);
        Console.WriteLine();
    }

    public static void Table(string[] head, IEnumerable<string[]> rows)
    {
        Console.WriteLine($"| {string.Join(" | ", head)} |");
        Console.WriteLine($"|{string.Concat(head.Select(_ => "---|"))}");
        foreach (var row in rows) Console.WriteLine($"| {string.Join(" | ", row)} |");
    }
}
