namespace EbpfLb.Http.Page;

/// <summary>Packets that were dropped, or passed though they should not have been: how often, why, and what to do.</summary>
internal static class DropsView
{
    /// <param name="drops">null: this view does not show them.</param>
    public static void Write(HtmlWriter html, PageStatus status, PageDrops? drops)
    {
        WriteReasons(html, status.Reasons);
        if (drops is null) return;
        html.Add($"<h3>Last drops</h3>\n");
        if (drops.Problem is { } problem) html.Add($"<p class=\"warn\">Not known: drops are not reported: {problem}</p>\n");
        if (drops.Lines.Count > 0) WriteDrops(html, drops.Lines);
        else if (drops.Problem is null) html.Add($"<p>None since the agent started.</p>\n");
    }

    public static void WriteDrops(HtmlWriter html, IReadOnlyList<PageDrop> drops) => PageTable.Write(html, "Last drops",
        [new("Time"), new("Reason"), new("Source"), new("Destination"), new("Protocol"), new("Device"), new("Service")],
        drops.Select(d => (IReadOnlyList<string>)
        [
            PageText.Time(d.Time), d.Reason, d.Source, d.Destination, d.Protocol, PageText.Or(d.Device), PageText.Or(d.Service),
        ]));

    private static void WriteReasons(HtmlWriter html, IReadOnlyList<PageReason> reasons)
    {
        if (reasons.Count == 0)
        {
            html.Add($"<p>Nothing was dropped since the maps were made.</p>\n");
            return;
        }
        PageTable.BeginCards(html, "Packets by reason", new("Reason"), new("Packets", true), new("Since the agent started", true),
            new("Meaning"), new("What to do"));
        foreach (var reason in reasons.OrderByDescending(r => r.SinceStart ?? 0).ThenByDescending(r => r.Packets))
        {
            html.Add($"<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{reason.Reason}</th>");
            html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Packets\">{PageText.Count(reason.Packets)}</td>");
            html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Since the agent started\">{PageText.Count(reason.SinceStart)}</td>");
            html.Add($"<td role=\"cell\" class=\"wide\" data-label=\"Meaning\">{reason.Meaning}</td>");
            html.Add($"<td role=\"cell\" class=\"wide\" data-label=\"What to do\">{reason.Advice ?? "nothing"}</td></tr>\n");
        }
        PageTable.EndCards(html);
    }
}
