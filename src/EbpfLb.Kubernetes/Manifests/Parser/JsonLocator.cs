using System.Text.Json;
using EbpfLb.Yaml;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>Fills in the positions of a JSON value's paths by one more walk over the text.</summary>
internal static class JsonLocator
{
    public static JsonReaderOptions ReaderOptions { get; } = new() { AllowMultipleValues = true, MaxDepth = YamlReader.DeepestNesting + 4 };

    /// <param name="start">Offset of the value in the text.</param>
    public static void Locate(ReadOnlySpan<byte> text, int start, PathTree paths)
    {
        var reader = new Utf8JsonReader(text[start..], ReaderOptions);
        var lines = new LineCounter(text);
        try
        {
            reader.Read();
            Walk(ref reader, start, ref lines, paths);
        }
        catch (InvalidOperationException)
        {
            // A key that has no UTF-16 form; what comes after it keeps the position around it.
        }
    }

    private static void Walk(ref Utf8JsonReader reader, int start, ref LineCounter lines, PathTree? paths)
    {
        if (paths is null)
        {
            reader.Skip();
            return;
        }
        paths.Found(lines.PositionOf(start + (int)reader.TokenStartIndex));
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                Walk(ref reader, start, ref lines, paths.Item(i));
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString() ?? "";
                reader.Read();
                Walk(ref reader, start, ref lines, paths.Member(name));
            }
        }
    }
}

/// <summary>Counts lines while offsets grow.</summary>
internal ref struct LineCounter(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> text = text;
    private int counted;
    private int line = 1;
    private int lineStart;

    /// <param name="offset">Not before the one asked for last.</param>
    public TextPosition PositionOf(int offset)
    {
        while (text[counted..offset].IndexOf((byte)'\n') is var next and >= 0)
        {
            counted += next + 1;
            lineStart = counted;
            line++;
        }
        counted = offset;
        return new TextPosition(line, offset - lineStart + 1);
    }
}
