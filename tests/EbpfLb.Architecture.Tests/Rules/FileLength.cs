namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>A source file has at most 400 lines, or it holds more than one thing. Generated files are exempt.</summary>
internal static class FileLength
{
    public const int MaxLines = 400;

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        foreach (var (path, text) in tree.WithExtension(".cs", ".c", ".h"))
        {
            if (path.EndsWith(".g.cs", StringComparison.Ordinal)) continue;
            var lines = text.Count(c => c == '\n') + (text.EndsWith('\n') ? 0 : 1);
            if (lines > MaxLines) yield return $"{path}: {lines} lines, at most {MaxLines}: split it by concern";
        }
    }
}
