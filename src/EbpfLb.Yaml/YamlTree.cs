using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Yaml;

/// <summary>Reads a small text into nodes that know their lines. For files of configuration; manifests are read event by event.</summary>
internal static class YamlTree
{
    /// <summary>The documents of the text that hold something.</summary>
    /// <exception cref="YamlSyntaxException">It is no YAML.</exception>
    public static IReadOnlyList<YamlNode> Read(string text)
    {
        var reader = new YamlReader(text.AsMemory());
        List<YamlNode> documents = [];
        while (reader.NextDocument())
        {
            var node = Compose(reader, reader.Next());
            if (node is not ScalarNode { IsNull: true }) documents.Add(node);
        }
        return documents;
    }

    private static YamlNode Compose(YamlReader reader, ParsingEvent current) => current switch
    {
        Scalar scalar => new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain, LineOf(current)),
        SequenceStart => new ListNode(Items(reader), LineOf(current)),
        MappingStart => new MapNode(Entries(reader), LineOf(current)),
        _ => throw new YamlSyntaxException(current.Start, "a value was expected here; correct the line"),
    };

    private static int LineOf(ParsingEvent current) => (int)Math.Max(1, current.Start.Line);

    private static List<YamlNode> Items(YamlReader reader)
    {
        List<YamlNode> items = [];
        for (var item = reader.Next(); item is not SequenceEnd; item = reader.Next()) items.Add(Compose(reader, item));
        return items;
    }

    private static List<MapEntry> Entries(YamlReader reader)
    {
        List<MapEntry> merged = [];
        List<MapEntry> own = [];
        for (var name = reader.Next(); name is not MappingEnd; name = reader.Next())
        {
            if (name is not Scalar key)
                throw new YamlSyntaxException(name.Start, "a key must be plain text, not a list or a map; correct it");
            var value = Compose(reader, reader.Next());
            if (key is { Style: ScalarStyle.Plain, Value: "<<" }) merged.AddRange(Merged(value));
            else own.Add(new MapEntry(key.Value, value, LineOf(key)));
        }
        // What the map says itself goes before what it merges, wherever the "<<" stands.
        return [.. merged.DistinctBy(m => m.Name).Where(m => !own.Exists(o => o.Name == m.Name)), .. own];
    }

    private static IEnumerable<MapEntry> Merged(YamlNode value) => value switch
    {
        MapNode map => map.Entries,
        ListNode list => list.Items.SelectMany(Merged),
        _ => throw new YamlSyntaxException(value.Line, 1, "\"<<\" merges a map or a list of maps; correct the value"),
    };
}
