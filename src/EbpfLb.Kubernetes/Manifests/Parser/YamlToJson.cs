using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using EbpfLb.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// Turns the documents of a YAML stream into JSON one by one, as the API machinery does before it decodes. Duplicate
/// keys are refused, "&lt;&lt;" merges, aliases are put in place.
/// </summary>
internal sealed class YamlToJson(ReadOnlyMemory<char> text)
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly YamlReader reader = new(text);
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Stack<HashSet<string>> spareKeySets = new();
    private readonly List<TextPosition> itemStarts = [];

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
            if (!reader.NextDocument()) return false;
            ReadDocument();
            return true;
        }
        catch (YamlSyntaxException e)
        {
            throw new ManifestSyntaxException(new TextPosition(e.Line, e.Column), e.Message);
        }
    }

    private void ReadDocument()
    {
        buffer.ResetWrittenCount();
        itemStarts.Clear();
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        var first = reader.Next();
        Start = YamlLocator.PositionOf(first.Start);
        WriteNode(writer, first, isTop: true);
        writer.Flush();
    }

    private void WriteNode(Utf8JsonWriter writer, ParsingEvent current, bool isTop = false, bool isItems = false)
    {
        switch (current)
        {
            case Scalar scalar:
                YamlScalar.Write(writer, scalar);
                break;
            case SequenceStart:
                writer.WriteStartArray();
                for (var item = reader.Next(); item is not SequenceEnd; item = reader.Next())
                {
                    if (isItems) itemStarts.Add(YamlLocator.PositionOf(item.Start));
                    WriteNode(writer, item);
                }
                writer.WriteEndArray();
                break;
            case MappingStart:
                WriteMapping(writer, isTop);
                break;
            default:
                throw new YamlSyntaxException(current.Start, "a value was expected here; correct the line");
        }
    }

    private void WriteMapping(Utf8JsonWriter writer, bool isTop)
    {
        writer.WriteStartObject();
        var keys = spareKeySets.TryPop(out var spare) ? spare : new HashSet<string>(StringComparer.Ordinal);
        List<Member>? merged = null;
        for (var key = reader.Next(); key is not MappingEnd; key = reader.Next())
        {
            if (key is not Scalar scalar)
                throw new YamlSyntaxException(key.Start, "a key must be plain text, not a list or a map; correct it");
            if (scalar.Style == ScalarStyle.Plain && scalar.Value == "<<")
            {
                CollectMerged(reader.Next(), merged ??= []);
                continue;
            }
            var name = YamlScalar.Key(scalar);
            if (!keys.Add(name))
                throw new YamlSyntaxException(key.Start, $"key \"{name}\" is there twice; remove one");
            writer.WritePropertyName(name);
            WriteNode(writer, reader.Next(), isItems: isTop && name == "items");
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
            for (var item = reader.Next(); item is not SequenceEnd; item = reader.Next()) CollectMap(item, members);
            return;
        }
        CollectMap(current, members);
    }

    private void CollectMap(ParsingEvent current, List<Member> members)
    {
        if (current is not MappingStart)
            throw new YamlSyntaxException(current.Start, "\"<<\" merges a map or a list of maps; correct the value");
        var inner = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(inner, WriterOptions)) WriteNode(writer, current);
        using var parsed = JsonDocument.Parse(inner.WrittenMemory, new JsonDocumentOptions { MaxDepth = YamlReader.DeepestNesting + 4 });
        foreach (var property in parsed.RootElement.EnumerateObject())
            members.Add(new Member(property.Name, property.Value.GetRawText()));
    }

    private readonly record struct Member(string Name, string Json);
}

/// <summary>The text of a file cannot be read at all; nothing of the file is used.</summary>
/// <param name="reason">What is wrong and what to do, for people.</param>
internal sealed class ManifestSyntaxException(TextPosition position, string reason) : Exception(reason)
{
    public TextPosition Position { get; } = position;
}
