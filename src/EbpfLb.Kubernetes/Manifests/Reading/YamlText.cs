using YamlDotNet.Core;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>The seam to YamlDotNet's parser: its positions and its complaints.</summary>
internal static class YamlText
{
    /// <summary>Deepest nesting that is read; the JSON reader behind has the same bound.</summary>
    public const int DeepestNesting = 60;

    public static TextPosition PositionOf(Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    /// <summary>Makes a parser over text that was found to be UTF-8.</summary>
    public static Parser Open(ReadOnlyMemory<char> text) => new(new MemoryCharReader(text));

    /// <summary>The parser's complaint with the place where a person has to look.</summary>
    public static ManifestSyntaxException Refused(YamlException e, ReadOnlyMemory<char> text)
    {
        var position = PositionOf(e.Start);
        // The parser names the map or scalar that a tab breaks; the author needs the line of the tab.
        return TabNear(text.Span, position.Line, Math.Max(position.Line + 1, (int)e.End.Line)) is { } tab
            ? new(tab, "a tab in the indentation; use spaces")
            : new(position, $"not valid YAML: {e.Message.TrimEnd('.')}; correct the line or remove the file");
    }

    /// <summary>For the few texts on which the parser fails instead of complaining.</summary>
    public static ManifestSyntaxException Refused(Parser parser)
        => new(PositionOf(parser.Current?.End ?? Mark.Empty), "not valid YAML from here on; look for a missing bracket, quote or colon");

    private static TextPosition? TabNear(ReadOnlySpan<char> text, int first, int last)
    {
        var number = 0;
        foreach (var line in text.EnumerateLines())
        {
            if (++number > last) return null;
            var indentation = line.IndexOfAnyExcept(' ');
            if (number >= first && indentation >= 0 && line[indentation] == '\t') return new(number, indentation + 1);
        }
        return null;
    }
}
