namespace EbpfLb.Http.Page;

/// <param name="IsNumber">Stands on the right.</param>
internal readonly record struct PageColumn(string Heading, bool IsNumber = false);

/// <summary>A table with headings that a screen reader finds.</summary>
internal static class PageTable
{
    /// <summary>
    /// A narrow screen shows each row as a card, with the headings beside the values. Roles are given, as browsers forget those of a table
    /// that is not laid out as one.
    /// </summary>
    public static void BeginCards(HtmlWriter html, string caption, params ReadOnlySpan<PageColumn> columns)
    {
        html.Add($"<table class=\"cards\" role=\"table\"><caption>{caption}</caption><thead role=\"rowgroup\"><tr role=\"row\">");
        foreach (var column in columns)
            html.Add($"<th scope=\"col\" role=\"columnheader\"{Class(column)}>{column.Heading}</th>");
        html.Add($"</tr></thead><tbody role=\"rowgroup\">\n");
    }

    public static void EndCards(HtmlWriter html) => html.Add($"</tbody></table>\n");

    /// <summary>A narrow screen scrolls in it; it can be reached by keyboard for that.</summary>
    public static void Write(
        HtmlWriter html, string caption, ReadOnlySpan<PageColumn> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">");
        html.Add($"<table><caption>{caption}</caption><thead><tr>");
        foreach (var column in columns) html.Add($"<th scope=\"col\"{Class(column)}>{column.Heading}</th>");
        html.Add($"</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            html.Add($"<tr><th scope=\"row\">{row[0]}</th>");
            for (var i = 1; i < row.Count; i++) html.Add($"<td{Class(columns[i])}>{row[i]}</td>");
            html.Add($"</tr>\n");
        }
        html.Add($"</tbody></table></div>\n");
    }

    private static Markup Class(PageColumn column) => new(column.IsNumber ? " class=\"n\"" : "");
}
