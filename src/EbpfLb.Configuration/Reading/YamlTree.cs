using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Configuration.Reading;

/// <summary>Reads YAML, of which JSON is nearly a part, into nodes; an alias is the very node that its anchor named.</summary>
internal static class YamlTree
{
    private const int DeepestNesting = 60;

    /// <summary>The documents of the text that hold something.</summary>
    /// <exception cref="ConfigSyntaxException">It is no YAML.</exception>
    public static IReadOnlyList<ConfigNode> Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            List<ConfigNode> documents = [];
            while (parser.MoveNext())
            {
                if (parser.Current is not DocumentStart) continue;
                Next(parser);
                var node = new Composer(parser).Compose(0);
                if (node is not ScalarNode { IsNull: true }) documents.Add(node);
            }
            return documents;
        }
        catch (YamlException e)
        {
            throw new ConfigSyntaxException(LineOf(e.Start), $"not valid YAML: {e.Message.TrimEnd('.')}; correct the line (indent with spaces, not tabs)");
        }
    }

    private static int LineOf(Mark mark) => (int)Math.Max(1, mark.Line);

    private static ParsingEvent Next(Parser parser)
        => parser.MoveNext() && parser.Current is { } current ? current : throw new ConfigSyntaxException(1, "the document ends too early; complete it");

    private sealed class Composer(Parser parser)
    {
        private readonly Dictionary<AnchorName, ConfigNode> anchors = [];

        /// <summary>Composes the node that the parser stands on and leaves it at the node's last event.</summary>
        public ConfigNode Compose(int depth)
        {
            var current = parser.Current!;
            var line = LineOf(current.Start);
            if (depth > DeepestNesting) throw new ConfigSyntaxException(line, $"nested deeper than {DeepestNesting} levels; correct the indentation");
            ConfigNode node = current switch
            {
                Scalar scalar => new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain, line),
                SequenceStart => new ListNode(Items(depth), line),
                MappingStart => new MapNode(Entries(depth), line),
                AnchorAlias alias => anchors.GetValueOrDefault(alias.Value)
                    ?? throw new ConfigSyntaxException(line, $"there is no anchor '{alias.Value}' before this alias; write the value out"),
                _ => throw new ConfigSyntaxException(line, "a value was expected here; correct the line"),
            };
            if (current is NodeEvent { Anchor.IsEmpty: false } named) anchors[named.Anchor] = node;
            return node;
        }

        private List<ConfigNode> Items(int depth)
        {
            List<ConfigNode> items = [];
            while (Next(parser) is not SequenceEnd) items.Add(Compose(depth + 1));
            return items;
        }

        private List<MapEntry> Entries(int depth)
        {
            List<MapEntry> merged = [];
            List<MapEntry> own = [];
            while (Next(parser) is not MappingEnd)
            {
                if (parser.Current is not Scalar key) throw new ConfigSyntaxException(LineOf(parser.Current!.Start), "a key must be plain text; correct it");
                var line = LineOf(key.Start);
                Next(parser);
                var value = Compose(depth + 1);
                if (key is { Style: ScalarStyle.Plain, Value: "<<" }) merged.AddRange(Merged(value));
                else own.Add(new MapEntry(key.Value, value, line));
            }
            // What the map says itself goes before what it merges, wherever the "<<" stands.
            return [.. merged.DistinctBy(m => m.Name).Where(m => !own.Exists(o => o.Name == m.Name)), .. own];
        }

        private static IEnumerable<MapEntry> Merged(ConfigNode value) => value switch
        {
            MapNode map => map.Entries,
            ListNode list => list.Items.SelectMany(Merged),
            _ => throw new ConfigSyntaxException(value.Line, "\"<<\" merges a map or a list of maps; correct the value"),
        };
    }
}
