using EbpfLb.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>Fills in the positions of a YAML document's paths by one more walk over the text.</summary>
internal static class YamlLocator
{
    /// <param name="document">Which document of the stream, from 0.</param>
    public static void Locate(ReadOnlyMemory<char> text, int document, PathTree paths)
    {
        var reader = new YamlReader(text, keepsAliases: true);
        try
        {
            for (var index = 0; reader.NextDocument(); index++)
            {
                if (index != document) continue;
                Walk(reader, reader.Next(), paths);
                return;
            }
        }
        catch (YamlSyntaxException)
        {
            // The text has been read once; what a second reading cannot reach keeps the position around it.
        }
    }

    public static TextPosition PositionOf(Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    /// <summary>Walks the node that begins with the event, to its last event. An alias stands for its whole value.</summary>
    private static void Walk(YamlReader reader, ParsingEvent current, PathTree? paths)
    {
        paths?.Found(PositionOf(current.Start));
        switch (current)
        {
            case SequenceStart:
                var i = 0;
                for (var item = reader.Next(); item is not SequenceEnd; item = reader.Next()) Walk(reader, item, paths?.Item(i++));
                break;
            case MappingStart:
                for (var key = reader.Next(); key is not MappingEnd; key = reader.Next())
                {
                    var name = (key as Scalar)?.Value;
                    if (name is null) Walk(reader, key, null);
                    Walk(reader, reader.Next(), name is null ? null : paths?.Member(name));
                }
                break;
        }
    }
}
