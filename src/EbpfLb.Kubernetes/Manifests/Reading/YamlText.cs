using YamlDotNet.Core;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>The seam to YamlDotNet's parser: its positions and its complaints.</summary>
internal static class YamlText
{
    /// <summary>Deepest nesting that is read; the JSON reader behind has the same bound.</summary>
    public const int DeepestNesting = 60;

    public static TextPosition PositionOf(Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    /// <summary>Makes a parser over text that was found to be UTF-8.</summary>
    public static Parser Open(ReadOnlyMemory<char> text) => new(new MemoryCharReader(text));

    public static ManifestSyntaxException Refused(YamlException e)
        => new(PositionOf(e.Start), $"not valid YAML: {e.Message.TrimEnd('.')}; correct the line or remove the file");
}
