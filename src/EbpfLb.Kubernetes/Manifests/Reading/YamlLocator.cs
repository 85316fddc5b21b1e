using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>Fills in the positions of a YAML document's paths by one more walk over the text.</summary>
internal static class YamlLocator
{
    /// <param name="document">Which document of the stream, from 0.</param>
    public static void Locate(ReadOnlyMemory<char> text, int document, PathTree paths)
    {
        var parser = YamlText.Open(text);
        var index = -1;
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current is not DocumentStart || ++index != document) continue;
                parser.MoveNext();
                Walk(parser, paths);
                return;
            }
        }
        catch (YamlException)
        {
            // The text has been read once; what a second reading cannot reach keeps the position around it.
        }
    }

    /// <summary>Walks the node that the parser stands on, to its last event. An alias stands for its whole value.</summary>
    private static void Walk(Parser parser, PathTree? paths)
    {
        var current = parser.Current!;
        paths?.Found(YamlText.PositionOf(current.Start));
        switch (current)
        {
            case SequenceStart:
                for (var i = 0; Next(parser) is not SequenceEnd; i++) Walk(parser, paths?.Item(i));
                break;
            case MappingStart:
                while (Next(parser) is not MappingEnd)
                {
                    var name = (parser.Current as Scalar)?.Value;
                    if (name is null) Walk(parser, null);
                    parser.MoveNext();
                    Walk(parser, name is null ? null : paths?.Member(name));
                }
                break;
        }
    }

    private static ParsingEvent? Next(Parser parser) => parser.MoveNext() ? parser.Current : throw new YamlException("the text ended");
}
