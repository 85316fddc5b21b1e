namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>The text of a file cannot be read at all; nothing of the file is used.</summary>
/// <param name="reason">What is wrong and what to do, for people.</param>
internal sealed class ManifestSyntaxException(TextPosition position, string reason) : Exception(reason)
{
    public TextPosition Position { get; } = position;
}
