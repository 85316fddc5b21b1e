using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Output;

/// <summary>Reports as YAML: their JSON, laid out in lines. Values are as in JSON, which is YAML, so that no word is read as another
/// type.</summary>
internal static class YamlText
{
    private const int Step = 2;

    public static string Of<T>(T report, JsonTypeInfo<T> type) => Of(JsonSerializer.SerializeToNode(report, type));

    public static string Of(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node, 0, isInline: false);
        return text.ToString().TrimStart('\n') + "\n";
    }

    /// <summary>As <see cref="PlainJson"/> writes it.</summary>
    private static string ValueOf(JsonNode? node)
    {
        if (node is null) return "null";
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(buffer, options)) node.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <param name="isInline">The line has begun, by the "-" of a list.</param>
    private static void Write(StringBuilder text, JsonNode? node, int indent, bool isInline)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } fields:
                foreach (var (name, value) in fields)
                {
                    if (!isInline) text.Append('\n').Append(' ', indent);
                    isInline = false;
                    text.Append(name).Append(':');
                    // A list stands under its name without a further step, as kubectl writes it.
                    Write(text, value, value is JsonArray ? indent : indent + Step, isInline: false);
                }
                break;
            case JsonArray { Count: > 0 } items:
                foreach (var item in items)
                {
                    if (!isInline) text.Append('\n').Append(' ', indent);
                    isInline = false;
                    text.Append('-');
                    if (item is JsonObject or JsonArray) text.Append(' ');
                    Write(text, item, indent + Step, isInline: true);
                }
                break;
            default:
                // The "- " of an empty object or list has its space already.
                if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
                text.Append(ValueOf(node));
                break;
        }
    }
}
