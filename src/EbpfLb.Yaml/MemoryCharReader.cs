namespace EbpfLb.Yaml;

/// <summary>Reads characters from memory; a StringReader would need a string of the whole file.</summary>
internal sealed class MemoryCharReader(ReadOnlyMemory<char> text) : TextReader
{
    private int position;

    public override int Peek() => position < text.Length ? text.Span[position] : -1;

    public override int Read() => position < text.Length ? text.Span[position++] : -1;

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read(Span<char> buffer)
    {
        var length = Math.Min(buffer.Length, text.Length - position);
        text.Span.Slice(position, length).CopyTo(buffer);
        position += length;
        return length;
    }
}
