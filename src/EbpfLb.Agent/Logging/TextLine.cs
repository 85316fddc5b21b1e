using System.Text;
using EbpfLb.Model;

namespace EbpfLb.Agent.Logging;

/// <summary>
/// "2025-01-31T12:00:00.000Z info  SyncLoop Synced: snapshot=3 services=12". Messages carry their values as
/// key=value themselves. Always one line: line breaks inside are written as " | ".
/// </summary>
internal static class TextLine
{
    public static void Append(StringBuilder text, in LogLine line)
    {
        text.Append(line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")).Append(' ');
        text.Append(line.LevelName.PadRight(5)).Append(' ').Append(line.Logger).Append(' ');
        AppendOneLine(text, line.Message);
        if (line.LeftOut > 0) text.Append($" (left out since the last such line: {line.LeftOut})");
        if (line.Exception is null) return;
        text.Append(" exception=\"");
        AppendOneLine(text, line.Exception.ToString());
        text.Append('"');
    }

    /// <summary>Lines of a message are parted by " | ", without their indentation.</summary>
    private static void AppendOneLine(StringBuilder text, string value)
    {
        var isFirst = true;
        foreach (var range in value.AsSpan().SplitAny('\n', '\r'))
        {
            var part = value.AsSpan()[range].Trim();
            if (part.IsEmpty) continue;
            if (!isFirst) text.Append(" | ");
            isFirst = false;
            foreach (var c in part) text.Append(ForeignText.IsHidden(c) ? ' ' : c);
        }
    }
}
