using System.Text;

namespace EbpfLb.Http.Prometheus;

/// <summary>Label sets as the text format writes them, which is also how series are told apart.</summary>
internal static class Labels
{
    /// <summary>"" or <c>a="x",b="y"</c>, without braces, in the order given.</summary>
    public static string Format(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(name).Append("=\"");
            AppendEscaped(text, value?.ToString() ?? "");
            text.Append('"');
        }
        return text.ToString();
    }

    /// <summary>In label values a backslash, a quote and a line feed are escaped.</summary>
    private static void AppendEscaped(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '\\': text.Append(@"\\"); break;
                case '"': text.Append("\\\""); break;
                case '\n': text.Append(@"\n"); break;
                default: text.Append(c); break;
            }
        }
    }
}
