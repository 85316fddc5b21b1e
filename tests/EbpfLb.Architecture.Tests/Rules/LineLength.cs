namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// What .editorconfig and .clang-format say of the length of lines holds: 140 columns of C#, 100 of bpf with tabs of 8. Raw strings of
/// tests and tools are exempt: they are somebody else's text, such as JSON.
/// </summary>
internal static class LineLength
{
    public const int MaxCSharp = 140;
    public const int MaxC = 100;

    private const string RawQuotes = "\"\"\"";

    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".cs", ".c", ".h")
           let isCSharp = file.Path.EndsWith(".cs", StringComparison.Ordinal)
           where isCSharp ? !file.Path.EndsWith(".g.cs", StringComparison.Ordinal) : file.Path.StartsWith("bpf/", StringComparison.Ordinal)
           let max = isCSharp ? MaxCSharp : MaxC
           from line in Lines(file.Path, file.Text)
           where line.Columns > max
           select $"{file.Path}:{line.Number}: {line.Columns} columns, at most {max}";

    private static IEnumerable<(int Number, int Columns)> Lines(string path, string text)
    {
        var mayHoldText = path.StartsWith("tests/", StringComparison.Ordinal) || path.StartsWith("tools/", StringComparison.Ordinal);
        var (number, isRaw) = (0, false);
        foreach (var line in text.Split('\n'))
        {
            number++;
            var quotes = line.Split(RawQuotes).Length - 1;
            if (!mayHoldText || !isRaw && quotes == 0) yield return (number, Columns(line));
            if (quotes % 2 == 1) isRaw = !isRaw;
        }
    }

    private static int Columns(string line)
    {
        var column = 0;
        foreach (var c in line) column = c == '\t' ? column / 8 * 8 + 8 : column + 1;
        return column;
    }
}
