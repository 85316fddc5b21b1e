using System.Text.Json;
using EbpfLb.Kubernetes.Api;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// Reads one page of a list as it arrives: at any time only one item is held as JSON, and each is mapped to the model
/// at once. An item that does not read is left out with a warning, so that one object cannot hold up a cluster.
/// </summary>
internal sealed class ListPageReader<T>(WireCatalog wire, ApiResource<T> resource, List<T> items)
    where T : class
{
    private enum Expect : byte
    {
        Start,
        Property,
        Metadata,
        Items,
        Item,
        Other,
        End,
    }

    private readonly ObjectCodec<T> codec = wire.CodecOf(resource);
    private JsonReaderState state;
    private Expect expect;

    /// <summary>metadata of the list, null when the answer had none.</summary>
    public WireListMetadata? Metadata { get; private set; }

    /// <summary>Reads the whole page and adds its items.</summary>
    /// <param name="onBytes">Called after each piece that arrived: the connection lives.</param>
    /// <exception cref="JsonException">Not a list.</exception>
    /// <exception cref="EndOfStreamException">The page ended early.</exception>
    public async Task ReadAsync(Stream body, Action onBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var filled = 0;
        while (expect != Expect.End)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await body.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            if (read == 0) throw new EndOfStreamException($"the list of {resource.Plural} ended early");
            onBytes();
            filled += read;
            var consumed = Parse(buffer.AsSpan(0, filled));
            buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
            filled -= consumed;
        }
    }

    private int Parse(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data, isFinalBlock: false, state);
        while (true)
        {
            var before = reader;
            if (expect != Expect.End && Step(ref reader, data)) continue;
            state = before.CurrentState;
            return (int)before.BytesConsumed;
        }
    }

    /// <summary>Takes one step; false when the data does not hold all of it yet.</summary>
    private bool Step(ref Utf8JsonReader reader, ReadOnlySpan<byte> data)
    {
        if (!reader.Read()) return false;
        switch (expect)
        {
            case Expect.Start:
                if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("a list must be an object");
                expect = Expect.Property;
                return true;
            case Expect.Property:
                expect = reader.TokenType == JsonTokenType.EndObject ? Expect.End
                    : reader.ValueTextEquals("metadata"u8) ? Expect.Metadata
                    : reader.ValueTextEquals("items"u8) ? Expect.Items
                    : Expect.Other;
                return true;
            case Expect.Items:
                if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.Null)) throw new JsonException("items "
                    + "must be an array");
                expect = reader.TokenType == JsonTokenType.Null ? Expect.Property : Expect.Item;
                return true;
            case Expect.Item when reader.TokenType == JsonTokenType.EndArray:
                expect = Expect.Property;
                return true;
            default:
                var start = (int)reader.TokenStartIndex;
                if (!reader.TrySkip()) return false;
                Take(data[start..(int)reader.BytesConsumed]);
                return true;
        }
    }

    private void Take(ReadOnlySpan<byte> value)
    {
        if (expect == Expect.Item) TakeItem(value);
        else if (expect == Expect.Metadata) Metadata = JsonSerializer.Deserialize(value, wire.Json.WireListMetadata);
        if (expect != Expect.Item) expect = Expect.Property;
    }

    private void TakeItem(ReadOnlySpan<byte> value)
    {
        try
        {
            if (codec.ReadObject(value) is { } item) items.Add(item);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            wire.Warn(new WireWarning(
                resource.Kind, NameOf(value), (e as JsonException)?.Path ?? "$", "", $"not of the type the API has; the object is ignored "
                    + $"({e.Message}); correct it"));
        }
    }

    private static Model.ObjectName Unnamed { get; } = new("", "without a name that can be read");

    /// <summary>Name of an object that does not read, as far as it can be told.</summary>
    private Model.ObjectName NameOf(ReadOnlySpan<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value, wire.Json.WireNamedObject) is { } named ? WireMapper.NameOf(named) : Unnamed;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return Unnamed;
        }
    }
}
