using System.Text.Json;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Finds out what a watch line is before its object is read: an ERROR carries a Status, which is another type.</summary>
internal static class WatchLineType
{
    internal enum Kind : byte
    {
        Unknown,
        Set,
        Deleted,
        Bookmark,
        Error,
    }

    /// <summary>Reads "type", which servers write first; should it ever come later, the object is skipped to find it.</summary>
    /// <exception cref="JsonException">Not a JSON object with a type.</exception>
    public static Kind Peek(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("a watch line must be an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            if (!reader.Read()) break;
            if (isType && reader.TokenType == JsonTokenType.String) return KindOf(ref reader);
            reader.Skip();
        }
        throw new JsonException("a watch line must have a type");
    }

    /// <summary>The text of the object; empty where the line is not of a type and an object alone.</summary>
    /// <exception cref="JsonException">Not a JSON object.</exception>
    public static ReadOnlySpan<byte> ObjectIn(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> found = default;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        for (var members = 0; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; members++)
        {
            if (members > 1 || reader.ValueIsEscaped) return default;
            var isObject = reader.ValueTextEquals("object"u8);
            if ((!isObject && !reader.ValueTextEquals("type"u8)) || !reader.Read()) return default;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isObject) found = line[start..(int)reader.BytesConsumed];
        }
        // What follows the line's object is nothing, or an exception.
        return reader.Read() ? default : found;
    }

    private static Kind KindOf(ref Utf8JsonReader reader)
        => reader.ValueTextEquals("ADDED"u8) || reader.ValueTextEquals("MODIFIED"u8) ? Kind.Set
            : reader.ValueTextEquals("DELETED"u8) ? Kind.Deleted
            : reader.ValueTextEquals("BOOKMARK"u8) ? Kind.Bookmark
            : reader.ValueTextEquals("ERROR"u8) ? Kind.Error
            : Kind.Unknown;
}
