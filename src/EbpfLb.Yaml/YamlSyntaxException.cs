using YamlDotNet.Core;

namespace EbpfLb.Yaml;

/// <summary>The text cannot be read; the message says why and what to do, for people.</summary>
internal sealed class YamlSyntaxException(int line, int column, string reason) : Exception(reason)
{
    public YamlSyntaxException(Mark at, string reason)
        : this((int)Math.Max(1, at.Line), (int)Math.Max(1, at.Column), reason)
    {
    }

    /// <summary>From 1.</summary>
    public int Line => line;

    /// <summary>From 1.</summary>
    public int Column => column;
}
