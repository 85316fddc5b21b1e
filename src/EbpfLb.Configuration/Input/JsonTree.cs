using System.Text;
using System.Text.Json;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.Input;

/// <summary>
/// Reads JSON into nodes; unlike the YAML reader it takes tabs and every escape. As kube-proxy reads it as YAML, where a comma may stand
/// behind the last element, one may here.
/// </summary>
internal static class JsonTree
{
    private static readonly JsonReaderOptions Options
        = new() { AllowMultipleValues = true, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Whether the text is to be read as JSON.</summary>
    public static bool IsJson(string text) => text.AsSpan().TrimStart().StartsWith("{");

    /// <summary>One or more objects after each other.</summary>
    /// <exception cref="YamlSyntaxException">It is no JSON.</exception>
    public static IReadOnlyList<YamlNode> Read(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, Options);
        var lines = new Lines(bytes);
        try
        {
            List<YamlNode> documents = [];
            while (reader.Read()) documents.Add(Compose(ref reader, lines));
            return documents;
        }
        // What System.Text.Json throws for text that has no UTF-16 form.
        catch (InvalidOperationException)
        {
            throw new YamlSyntaxException(
                lines.At(reader.TokenStartIndex), 1, "a key or a text has half of a surrogate pair; correct the \\u escape");
        }
        catch (JsonException e)
        {
            throw new YamlSyntaxException((int)(e.LineNumber ?? 0) + 1, 1, $"not valid JSON: {e.Message.Split(" LineNumber", 2)[0]}");
        }
    }

    private static YamlNode Compose(ref Utf8JsonReader reader, Lines lines)
    {
        var line = lines.At(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                List<MapEntry> entries = [];
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var (name, at) = (reader.GetString()!, lines.At(reader.TokenStartIndex));
                    reader.Read();
                    entries.Add(new MapEntry(name, Compose(ref reader, lines), at));
                }
                return new MapNode(entries, line);
            case JsonTokenType.StartArray:
                List<YamlNode> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Compose(ref reader, lines));
                return new ListNode(items, line);
            case JsonTokenType.String:
                return new ScalarNode(reader.GetString()!, false, line);
            default:
                return new ScalarNode(Encoding.UTF8.GetString(reader.ValueSpan), true, line);
        }
    }

    /// <summary>Line numbers of offsets that only grow.</summary>
    private sealed class Lines(byte[] text)
    {
        private long position;
        private int line = 1;

        public int At(long offset)
        {
            for (; position < offset; position++)
                if (text[position] == '\n') line++;
            return line;
        }
    }
}
