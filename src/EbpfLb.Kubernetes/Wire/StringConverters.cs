using System.Text.Json;
using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Reads every string through the pool, unless a property says <see cref="UnpooledStringConverter"/>.</summary>
internal sealed class PooledStringConverter(StringPool pool) : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("a string was expected");
        return reader.ValueIsEscaped || reader.HasValueSequence
            ? pool.Share(reader.GetString())
            : pool.Share(reader.ValueSpan);
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>Reads strings that do not repeat, so that they do not push others out of the pool.</summary>
internal sealed class UnpooledStringConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.String
            ? reader.GetString() ?? ""
            : throw new JsonException("a string was expected");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
