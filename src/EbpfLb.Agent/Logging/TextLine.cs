using System.Text;

namespace EbpfLb.Agent.Logging;

/// <summary>
/// "2025-01-31T12:00:00.000Z info  SyncLoop Synced: snapshot=3 services=12". Messages carry their values as
/// key=value themselves. Always one line: line breaks inside are written as \n.
/// </summary>
internal static class TextLine
{
    public static void Append(StringBuilder text, in LogLine line)
    {
        text.Append(line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")).Append(' ');
        text.Append(line.LevelName.PadRight(5)).Append(' ').Append(line.Logger).Append(' ');
        AppendOneLine(text, line.Message);
        if (line.Exception is null) return;
        text.Append(" exception=\"");
        AppendOneLine(text, line.Exception.ToString());
        text.Append('"');
    }

    private static void AppendOneLine(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '\n': text.Append(@"\n"); break;
                case '\r': break;
                default: text.Append(char.IsControl(c) ? ' ' : c); break;
            }
        }
    }
}
