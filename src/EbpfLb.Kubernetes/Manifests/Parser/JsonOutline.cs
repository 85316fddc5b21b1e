using System.Text;
using System.Text.Json;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// The top of one JSON value: what kind it says it is and where the entries of its "items" lie. Found in one pass that
/// makes no objects, because "kind" may come after a hundred megabytes of items.
/// </summary>
internal sealed class JsonOutline
{
    private static readonly string[] Usual = ["v1", "Service", "discovery.k8s.io/v1", "EndpointSlice", "Endpoints", "Node", "List"];

    private JsonOutline(int start, JsonTokenType type)
    {
        Start = start;
        Type = type;
    }

    /// <summary>Offset of the first byte of the value.</summary>
    public int Start { get; }

    /// <summary>Length of the value in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The first token: StartObject when it can be a manifest at all.</summary>
    public JsonTokenType Type { get; }

    public string? ApiVersion { get; private set; }

    public string? Kind { get; private set; }

    /// <summary>The entries of "items"; null without such a list.</summary>
    public List<JsonOutline>? Items { get; private set; }

    /// <summary>Reads the value whose first token the reader stands on; leaves it on the last.</summary>
    /// <exception cref="JsonException">Not JSON.</exception>
    public static JsonOutline Read(ref Utf8JsonReader reader)
    {
        var outline = new JsonOutline((int)reader.TokenStartIndex, reader.TokenType);
        if (reader.TokenType == JsonTokenType.StartObject) outline.ReadMembers(ref reader);
        else reader.Skip();
        outline.Length = (int)reader.BytesConsumed - outline.Start;
        return outline;
    }

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("apiVersion"u8))
            {
                reader.Read();
                ApiVersion ??= TextOf(ref reader);
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                reader.Read();
                Kind ??= TextOf(ref reader);
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray && Items is null) ReadItems(ref reader);
            }
            else
            {
                reader.Read();
            }
            reader.Skip();
        }
    }

    private void ReadItems(ref Utf8JsonReader reader)
    {
        Items = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Items.Add(Read(ref reader));
    }

    private static string? TextOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped) return null;
        // A large file says these a hundred thousand times.
        foreach (var usual in Usual)
            if (reader.ValueTextEquals(usual)) return usual;
        return Encoding.UTF8.GetString(reader.ValueSpan);
    }
}
