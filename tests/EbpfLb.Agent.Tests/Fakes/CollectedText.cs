namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Text in memory that may be read while others write it.</summary>
internal sealed class CollectedText : IDisposable
{
    private readonly StringWriter text = new();

    public CollectedText() => Writer = TextWriter.Synchronized(text);

    public TextWriter Writer { get; }

    /// <summary>
    /// What was written so far. A synchronized writer locks itself in each call; a StringBuilder must not be read meanwhile.
    /// </summary>
    public override string ToString()
    {
        lock (Writer) return text.ToString();
    }

    public void Dispose() => text.Dispose();
}
