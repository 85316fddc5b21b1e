namespace EbpfLb.Http.Page;

/// <summary>What is around every view.</summary>
internal static class PageLayout
{
    private static readonly (PageView View, string Name)[] Menu =
    [
        (PageView.Services, "Services"), (PageView.Drops, "Drops"), (PageView.Events, "Events"), (PageView.Attachments, "Attachments"),
        (PageView.Health, "Health"), (PageView.Explain, "Explain"),
    ];

    /// <summary>Views that tell no more than the metrics do.</summary>
    public static bool IsSummary(PageView view) => view is PageView.Drops or PageView.Health;

    public static void Begin(HtmlWriter html, PageHead head, PageView view, PageContent content, string title)
    {
        html.Add($"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>{title} - EbpfLb on {head.Node}</title><link rel="icon" href="data:,"><style>{new Markup(PageStyle.Css)}</style></head>
            <body><header><h1>EbpfLb on {head.Node}</h1>
            """);
        WriteState(html, head);
        html.Add($"</header>\n<nav aria-label=\"Views\"><ul>");
        foreach (var (item, name) in Menu)
        {
            if (content != PageContent.Full && !IsSummary(item)) continue;
            var isHere = item == view || (item == PageView.Services && view == PageView.Service);
            var current = new Markup(isHere ? " aria-current=\"page\"" : "");
            html.Add($"<li><a href=\"{new PageQuery { View = item }.ToLink()}\"{current}>{name}</a></li>");
        }
        html.Add($"</ul></nav>\n<main><h2>{title}</h2>\n");
    }

    /// <param name="live">The same page, for the link that switches loading anew on or off; null: it does not load itself anew.</param>
    public static void End(HtmlWriter html, PageHead head, PageQuery? live)
    {
        html.Add($"</main>\n<footer><p>As of <time datetime=\"{PageText.Machine(head.Now)}\">{PageText.Time(head.Now)}</time>. ");
        if (live is not null)
        {
            html.Add($"{(live.IsLive ? "Loaded again every 5 s, where scripts run" : "Not loaded again by itself")}: ");
            html.Add($"<a href=\"{(live with { IsLive = !live.IsLive }).ToLink()}\">{(live.IsLive ? "stop" : "go on")}</a>. ");
        }
        html.Add($"Instance {head.Instance}, ebpflb {head.Version}. \"-\" means not known.</p></footer>");
        if (live is { IsLive: true }) html.Add($"<script>{new Markup(PageStyle.Script)}</script>");
        html.Add($"</body></html>\n");
    }

    /// <summary>Words and a sign: colour alone would not tell it.</summary>
    private static void WriteState(HtmlWriter html, PageHead head)
    {
        if (head.IsReady) html.Add($"<span class=\"state ok\">✓ ready</span>");
        else html.Add($"<span class=\"state bad\">✗ not ready: {(head.Reasons == 1 ? "1 reason" : $"{head.Reasons} reasons")}</span>");
    }
}
