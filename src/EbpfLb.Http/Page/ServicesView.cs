namespace EbpfLb.Http.Page;

/// <summary>The list of Services, some of them at a time.</summary>
internal static class ServicesView
{
    public static void Write(HtmlWriter html, ServiceList list, PageQuery query)
    {
        if (!list.IsKnown)
        {
            WriteNotKnown(html);
            return;
        }
        WriteForm(html, query, list.CountsTraffic);
        WriteCount(html, list, query);
        if (list.Lines.Count == 0) return;
        PageTable.BeginCards(html, "Services with their backends and what they do",
            [
                new("Service"), new("Type"), new("Ports"), new("Backends ready"), new("New conn/s", true), new("Last minutes"),
                .. list.CountsTraffic ? (PageColumn[])[new("Bytes/s", true)] : [],
                new("Refused/s", true), new("Drops", true),
            ]);
        foreach (var line in list.Lines) WriteLine(html, line, list.CountsTraffic);
        PageTable.EndCards(html);
        WritePages(html, list, query);
        html.Add($"""
            <p class="dim">Backends: endpoints that are ready, of all. Refused: connections and datagrams for want of an endpoint.
            Drops: of the last drops that the agent keeps, see the view Drops.</p>

            """);
        if (!list.CountsTraffic) TrafficView.WriteOff(html);
    }

    /// <summary>The agent has programmed nothing since it started.</summary>
    public static void WriteNotKnown(HtmlWriter html) => html.Add($"""
        <p class="warn">The Services are not known yet: the agent has programmed nothing since it started, and the view Health says why.
        What an earlier agent left in the kernel stays in force.</p>

        """);

    /// <summary>Text beside the number where there is something to see to.</summary>
    public static void WriteBackends(HtmlWriter html, ServiceLine line)
    {
        if (line is { Ready: { } ready, Endpoints: { } all })
        {
            html.Add($"{ready}/{all}");
            if (ready == 0) html.Add($" <span class=\"bad\">✗ {(all == 0 ? "no endpoints" : "none ready")}</span>");
            else if (ready < all) html.Add($" <span class=\"warn\">! some not ready</span>");
        }
        else
        {
            html.Add($"{PageText.Unknown}");
        }
    }

    private static void WriteForm(HtmlWriter html, PageQuery query, bool withTraffic)
    {
        html.Add($"""
            <form method="get" role="search"><input type="hidden" name="view" value="services">
            <div><label for="q">Part of namespace/name</label>
            <input id="q" name="q" type="search" maxlength="253" value="{query.Text}"></div>
            <div><label for="order">Sort by</label><select id="order" name="order">
            """);
        foreach (var (order, name) in new[]
        {
            (ServiceOrder.Rate, "most connections"), (ServiceOrder.Name, "name"), (ServiceOrder.Refused, "most refused"),
            (ServiceOrder.Drops, "most drops"), (ServiceOrder.Bytes, "most bytes"),
        })
        {
            if (order == ServiceOrder.Bytes && !withTraffic) continue;
            var selected = new Markup(order == query.Order ? " selected" : "");
            html.Add($"<option value=\"{order.ToString().ToLowerInvariant()}\"{selected}>{name}</option>");
        }
        html.Add($"</select></div><button>Show</button></form>\n");
    }

    private static void WriteCount(HtmlWriter html, ServiceList list, PageQuery query)
    {
        if (list.Lines.Count == 0)
        {
            html.Add($"<p>{(list.All == 0 ? "No Service is served." : "No Service matches.")}");
            if (query.Text.Length > 0) html.Add($" There are {PageText.Count(list.All)} in all.");
            html.Add($"</p>\n");
            return;
        }
        html.Add($"<p>{PageText.Count(list.First + 1)} to {PageText.Count(list.First + list.Lines.Count)}");
        html.Add($" of {PageText.Count(list.Matching)}");
        if (list.Matching != list.All) html.Add($" that match, {PageText.Count(list.All)} in all");
        html.Add($".");
        if (!list.IsMeasured) html.Add($" Rates are known after the next reading, in a few seconds.");
        html.Add($"</p>\n");
    }

    private static void WriteLine(HtmlWriter html, ServiceLine line, bool withTraffic)
    {
        var link = new PageQuery { View = PageView.Service, Name = PageQuery.NameOf(line.Name) }.ToLink();
        html.Add($"<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><a href=\"{link}\">{line.Name}</a></th>");
        html.Add($"<td role=\"cell\" data-label=\"Type\">{PageText.Or(line.Type)}</td>");
        html.Add($"<td role=\"cell\" class=\"all\" data-label=\"Ports\">{PageText.Or(PortsOf(line))}</td>");
        html.Add($"<td role=\"cell\" class=\"wide\" data-label=\"Backends ready\">");
        WriteBackends(html, line);
        html.Add($"</td><td role=\"cell\" class=\"n\" data-label=\"New conn/s\">{PageText.Rate(line.Rate)}</td>");
        html.Add($"<td role=\"cell\" data-label=\"Last minutes\">");
        Sparkline.Write(html, line.History);
        html.Add($"</td>");
        if (withTraffic)
        {
            html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Bytes/s\">");
            if (line.Traffic is { } traffic)
                html.Add($"<div>{PageText.Rate(traffic.In.Bytes)} in</div><div>{PageText.Rate(traffic.Out.Bytes)} out</div>");
            else html.Add($"{PageText.Unknown}");
            html.Add($"</td>");
        }
        html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Refused/s\">{PageText.Rate(line.RefusedRate)}</td>");
        html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Drops\">{PageText.Count(line.Drops)}</td></tr>\n");
    }

    /// <summary>A Service may have a hundred ports; its own page has all.</summary>
    private static string PortsOf(ServiceLine line)
    {
        const int Most = 4;
        return string.Join(", ", line.Ports.Take(Most)) + (line.Ports.Count > Most ? $" and {line.Ports.Count - Most} more" : "");
    }

    private static void WritePages(HtmlWriter html, ServiceList list, PageQuery query)
    {
        var (before, after) = (list.First > 0, list.First + list.Lines.Count < list.Matching);
        if (!before && !after) return;
        html.Add($"<div class=\"pages\">");
        if (before)
            html.Add($"<a rel=\"prev\" href=\"{At(Math.Max(0, list.First - PageQuery.LinesOfPage))}\">← Those before</a>");
        if (after) html.Add($"<a rel=\"next\" href=\"{At(list.First + list.Lines.Count)}\">Those after →</a>");
        html.Add($"</div>\n");

        string At(int first) => (query with { View = PageView.Services, First = first }).ToLink();
    }
}
