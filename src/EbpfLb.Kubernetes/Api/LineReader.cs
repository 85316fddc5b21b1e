namespace EbpfLb.Kubernetes.Api;

/// <summary>Cuts a stream into lines without making strings of them.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>A server's objects end at a few MiB (etcd's request limit); what never ends a line is no watch.</summary>
    private const int LongestLine = 64 * 1024 * 1024;

    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int scanned;
    private int filled;

    /// <summary>Whether bytes of an unfinished line are held.</summary>
    public bool IsMidLine => filled > start;

    /// <summary>Takes the next whole line from what has arrived; false when there is none yet. Valid until the next fill.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        var end = buffer.AsSpan(scanned, filled - scanned).IndexOf((byte)'\n');
        if (end < 0)
        {
            scanned = filled;
            line = default;
            return false;
        }
        end += scanned;
        line = buffer.AsMemory(start, end - start);
        start = scanned = end + 1;
        return true;
    }

    /// <summary>Waits for more bytes; false at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            scanned -= start;
            start = 0;
        }
        if (filled == LongestLine) throw new InvalidDataException($"a line of more than {LongestLine} bytes");
        if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var read = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken);
        filled += read;
        return read > 0;
    }
}
