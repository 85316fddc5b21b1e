using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>
/// Turns the documents of a YAML stream into JSON one by one, as the API machinery does before it decodes. Duplicate
/// keys are refused, "&lt;&lt;" merges, aliases are put in place.
/// </summary>
internal sealed class YamlToJson
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ReadOnlyMemory<char> text;
    private readonly Parser parser;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Stack<HashSet<string>> spareKeySets = new();
    private readonly List<TextPosition> itemStarts = [];
    private YamlEvents events;
    private int depth;

    public YamlToJson(ReadOnlyMemory<char> text)
    {
        this.text = text;
        parser = YamlText.Open(text);
        events = new YamlEvents(parser);
    }

    /// <summary>The document that was read last, as JSON; valid until the next one.</summary>
    public ReadOnlyMemory<byte> Json => buffer.WrittenMemory;

    /// <summary>Where that document begins.</summary>
    public TextPosition Start { get; private set; } = TextPosition.Start;

    /// <summary>Where each entry of its top-level "items" begins, so that a List's objects have their lines.</summary>
    public IReadOnlyList<TextPosition> ItemStarts => itemStarts;

    /// <summary>Reads the next document; false at the end.</summary>
    /// <exception cref="ManifestSyntaxException">The text is not YAML or has no form in JSON.</exception>
    public bool Read()
    {
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current is StreamEnd) return false;
                if (parser.Current is not DocumentStart) continue;
                ReadDocument();
                return true;
            }
            return false;
        }
        catch (YamlException e)
        {
            throw YamlText.Refused(e, text);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // "a: [1, 2\nb: 3" and others make the parser fail in its own code.
            throw YamlText.Refused(parser);
        }
    }

    private void ReadDocument()
    {
        // Anchors belong to their document.
        events = new YamlEvents(parser);
        buffer.ResetWrittenCount();
        itemStarts.Clear();
        depth = 0;
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        var first = events.Next();
        Start = YamlText.PositionOf(first.Start);
        WriteNode(writer, first, isTop: true);
        writer.Flush();
    }

    private void WriteNode(Utf8JsonWriter writer, ParsingEvent current, bool isTop = false, bool isItems = false)
    {
        if (++depth > YamlText.DeepestNesting)
            throw new ManifestSyntaxException(YamlText.PositionOf(current.Start), $"nested deeper than {YamlText.DeepestNesting} levels; no manifest is: correct the indentation");
        switch (current)
        {
            case Scalar scalar:
                YamlScalar.Write(writer, scalar);
                break;
            case SequenceStart:
                writer.WriteStartArray();
                for (var item = events.Next(); item is not SequenceEnd; item = events.Next())
                {
                    if (isItems) itemStarts.Add(YamlText.PositionOf(item.Start));
                    WriteNode(writer, item);
                }
                writer.WriteEndArray();
                break;
            case MappingStart:
                WriteMapping(writer, isTop);
                break;
            default:
                throw new ManifestSyntaxException(YamlText.PositionOf(current.Start), "a value was expected here; correct the line");
        }
        depth--;
    }

    private void WriteMapping(Utf8JsonWriter writer, bool isTop)
    {
        writer.WriteStartObject();
        var keys = spareKeySets.TryPop(out var spare) ? spare : new HashSet<string>(StringComparer.Ordinal);
        List<Member>? merged = null;
        for (var key = events.Next(); key is not MappingEnd; key = events.Next())
        {
            if (key is not Scalar scalar)
                throw new ManifestSyntaxException(YamlText.PositionOf(key.Start), "a key must be plain text, not a list or a map; correct it");
            if (scalar.Style == ScalarStyle.Plain && scalar.Value == "<<")
            {
                CollectMerged(events.Next(), merged ??= []);
                continue;
            }
            var name = YamlScalar.Key(scalar);
            if (!keys.Add(name))
                throw new ManifestSyntaxException(YamlText.PositionOf(key.Start), $"key \"{name}\" is there twice; remove one");
            writer.WritePropertyName(name);
            WriteNode(writer, events.Next(), isItems: isTop && name == "items");
        }
        // What the mapping says itself goes before what it merges, wherever the "<<" stands.
        foreach (var member in merged ?? [])
        {
            if (!keys.Add(member.Name)) continue;
            writer.WritePropertyName(member.Name);
            writer.WriteRawValue(member.Json, skipInputValidation: true);
        }
        writer.WriteEndObject();
        keys.Clear();
        spareKeySets.Push(keys);
    }

    private void CollectMerged(ParsingEvent current, List<Member> members)
    {
        if (current is SequenceStart)
        {
            for (var item = events.Next(); item is not SequenceEnd; item = events.Next()) CollectMap(item, members);
            return;
        }
        CollectMap(current, members);
    }

    private void CollectMap(ParsingEvent current, List<Member> members)
    {
        if (current is not MappingStart)
            throw new ManifestSyntaxException(YamlText.PositionOf(current.Start), "\"<<\" merges a map or a list of maps; correct the value");
        var inner = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(inner, WriterOptions)) WriteNode(writer, current);
        using var parsed = JsonDocument.Parse(inner.WrittenMemory, new JsonDocumentOptions { MaxDepth = YamlText.DeepestNesting + 4 });
        foreach (var property in parsed.RootElement.EnumerateObject())
            members.Add(new Member(property.Name, property.Value.GetRawText()));
    }

    private readonly record struct Member(string Name, string Json);
}
