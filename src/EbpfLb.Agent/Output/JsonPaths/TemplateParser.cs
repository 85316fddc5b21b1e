namespace EbpfLb.Agent.Output.JsonPaths;

/// <summary>Reads a template.</summary>
internal sealed class TemplateParser(string text)
{
    private const int DeepestRange = 16;

    private readonly PathParser reader = new(text);

    public IReadOnlyList<TemplatePart> Parse()
    {
        if (!text.Contains('{', StringComparison.Ordinal))
            throw new FormatException(
                $"nothing of '{text}' is in braces, so it would be printed as it is; write a path as {{.services[*].service}}");
        return ParseParts(depth: 0, range: 0);
    }

    /// <param name="range">The column of the range whose body this is.</param>
    private List<TemplatePart> ParseParts(int depth, int range)
    {
        List<TemplatePart> parts = [];
        while (!reader.IsAtEnd)
        {
            if (reader.TakeText() is { Length: > 0 } plain) parts.Add(new TextPart(plain));
            if (reader.IsAtEnd) break;
            var column = reader.Column;
            reader.Take('{');
            reader.SkipBlanks();
            if (reader.TryTakeWord("end"))
            {
                Close();
                return depth > 0 ? parts : throw reader.Wrong("{end} without a {range} before it", column);
            }
            if (reader.TryTakeWord("range")) parts.Add(ParseRange(depth, column));
            else if (reader.TryTakeLiteral() is { } literal) parts.Add(Closed(new TextPart(literal)));
            else parts.Add(Closed(new ValuePart(reader.TakePath())));
        }
        return depth == 0 ? parts : throw reader.Wrong("this {range} has no {end}", range);
    }

    private RangePart ParseRange(int depth, int column)
    {
        if (depth == DeepestRange) throw reader.Wrong($"ranges within ranges go {DeepestRange} deep at most", column);
        reader.SkipBlanks();
        var path = reader.TakePath();
        Close();
        return new RangePart(path, ParseParts(depth + 1, column));
    }

    private TemplatePart Closed(TemplatePart part)
    {
        Close();
        return part;
    }

    private void Close()
    {
        reader.SkipBlanks();
        if (!reader.TryTake('}')) throw reader.Unexpected("'}'");
    }
}
