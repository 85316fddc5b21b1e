using System.Text.Json;
using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Reads of a map only whether something is in it.</summary>
internal sealed class NotEmptyConverter : JsonConverter<bool>
{
    public override bool HandleNull => true;

    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null) return false;
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("a map was expected");
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject) return false;
        while (reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Skip();
            reader.Read();
        }
        return true;
    }

    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
}
