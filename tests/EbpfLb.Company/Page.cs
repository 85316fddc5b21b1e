using System.Text;

namespace EbpfLb.Company;

/// <summary>The figures as Markdown: printed as they come, and at the end what stands in docs/company.md below its mark.</summary>
internal sealed class Page
{
    private const string Mark = "<!-- make company -->";
    private readonly StringBuilder text = new();
    private readonly DateTime began = DateTime.UtcNow;
    private readonly string loadBefore = Load();

    /// <summary>Rows that are not as they should be.</summary>
    public int Failures { get; private set; }

    public void Section(string title, string how) => Write($"\n### {title}\n\n{how}\n");

    public void Head(params string[] columns)
        => Write($"{Line([.. columns, "as it should be"])}\n|{string.Concat(Enumerable.Repeat("---|", columns.Length + 1))}");

    public void Row(bool good, params string[] cells)
    {
        if (!good) Failures++;
        Write(Line([.. cells, good ? "yes" : "**no**"]));
    }

    public void Save(string file)
    {
        var written = File.ReadAllText(file);
        var mark = written.IndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0) throw new InvalidOperationException($"{file} has no line {Mark}");
        var when = $"{began:yyyy-MM-dd}, kernel {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}, "
            + $"{Environment.ProcessorCount} CPUs, load average {loadBefore} before and {Load()} "
            + $"after, {(DateTime.UtcNow - began).TotalMinutes:0.0} minutes.";
        File.WriteAllText(file, $"{written[..mark]}{Mark}\n\n{when}\n{text}");
    }

    private static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |";

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private void Write(string lines)
    {
        text.AppendLine(lines);
        Console.WriteLine(lines);
    }
}
