namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// Byte order marks (U+FEFF) before documents. YAML allows one there (1.2.2, section 5.2), editors of other systems write one at the head
/// of a file, and files that are joined keep theirs in the middle. Anywhere else it is a character like others.
/// </summary>
internal static class ByteOrderMarks
{
    private const char Mark = '\uFEFF';

    private static ReadOnlySpan<byte> Utf8Mark => [0xef, 0xbb, 0xbf];

    /// <summary>The text after the marks at its head.</summary>
    public static ReadOnlyMemory<byte> AfterHead(ReadOnlyMemory<byte> text)
    {
        while (text.Span.StartsWith(Utf8Mark)) text = text[3..];
        return text;
    }

    /// <summary>The JSON with the marks between its documents as blanks.</summary>
    public static ReadOnlyMemory<byte> Blanked(ReadOnlyMemory<byte> json)
    {
        if (json.Span.IndexOf(Utf8Mark) < 0) return json;
        var copy = json.ToArray();
        var depth = 0;
        var isText = false;
        for (var i = 0; i < copy.Length; i++)
        {
            switch (copy[i])
            {
                case (byte)'\\' when isText:
                    i++;
                    break;
                case (byte)'"':
                    isText = !isText;
                    break;
                case (byte)'{' or (byte)'[' when !isText:
                    depth++;
                    break;
                case (byte)'}' or (byte)']' when !isText:
                    depth--;
                    break;
                case 0xef when !isText && depth == 0 && copy.AsSpan(i).StartsWith(Utf8Mark):
                    copy.AsSpan(i, 3).Fill((byte)' ');
                    break;
            }
        }
        return copy;
    }

    /// <summary>
    /// The YAML without the marks at the beginning of its documents: before "---", and on the first line that says something after it.
    /// </summary>
    public static ReadOnlyMemory<char> Removed(char[] yaml)
    {
        if (!yaml.Contains(Mark)) return yaml;
        var kept = 0;
        var isHead = true;
        for (var start = 0; start < yaml.Length;)
        {
            var end = Array.IndexOf(yaml, '\n', start);
            end = end < 0 ? yaml.Length : end + 1;
            var line = yaml.AsSpan(start, end - start);
            var rest = line.TrimStart(Mark);
            var isMarker = IsMarker(rest);
            if (isHead || isMarker) line = rest;
            isHead = isMarker ? IsEmpty(rest[3..]) : isHead && (IsEmpty(rest) || rest[0] == '%');
            // In place: what was looked at is overwritten.
            line.CopyTo(yaml.AsSpan(kept));
            kept += line.Length;
            start = end;
        }
        return yaml.AsMemory(0, kept);
    }

    /// <summary>Begins or ends a document.</summary>
    private static bool IsMarker(ReadOnlySpan<char> line)
        => (line.StartsWith("---") || line.StartsWith("...")) && (line.Length == 3 || char.IsWhiteSpace(line[3]));

    /// <summary>Blank, or a comment.</summary>
    private static bool IsEmpty(ReadOnlySpan<char> line) => line.TrimStart() is [] or ['#', ..];
}
