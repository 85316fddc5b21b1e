namespace EbpfLb.Http.Page;

/// <summary>One Service: frontends, backends, flows and drops.</summary>
internal static class ServiceView
{
    /// <summary>Of each table: a Service may have thousands.</summary>
    private const int MostLines = 200;

    public static void Write(HtmlWriter html, ServiceDetail service, PageQuery query)
    {
        var line = service.Line;
        html.Add($"<dl><dt>Type</dt><dd>{PageText.Or(line.Type)}</dd><dt>Ports</dt><dd>");
        html.Add($"{PageText.Or(string.Join(", ", line.Ports.Take(MostLines)))}</dd>");
        html.Add($"<dt>Scheduler</dt><dd>{PageText.Or(service.Scheduler)}</dd>");
        html.Add($"<dt>Backends ready</dt><dd>");
        ServicesView.WriteBackends(html, line);
        html.Add($"</dd><dt>New connections a second</dt><dd>{PageText.Rate(line.Rate)}</dd>");
        html.Add($"<dt>Refused a second</dt><dd>{PageText.Rate(line.RefusedRate)}</dd>");
        html.Add($"<dt>Drops that the agent keeps</dt><dd>{PageText.Count(line.Drops)}</dd></dl>\n");
        html.Add($"<h3>New connections, a reading each {PageText.Seconds(service.Period)}</h3>\n");
        Sparkline.Write(html, line.History, isLarge: true);
        WriteFrontends(html, service.Frontends);
        WriteBackends(html, service.Backends, service.Traffic is not null);
        TrafficView.Write(html, service);
        WriteFlows(html, service, query);
        WriteDrops(html, service.Drops);
    }

    public static void WriteMissing(HtmlWriter html, string name) => html.Add($"""
        <p>No Service <strong>{name}</strong> is served here. It may be gone, or be left to others: <code>ebpflb services</code> with its
        name says why.</p>

        """);

    private static void WriteFrontends(HtmlWriter html, IReadOnlyList<PageFrontend> frontends)
    {
        html.Add($"<h3>Frontends</h3>\n");
        PageTable.Write(html, "Frontends",
            [
                new("Frontend"), new("Port"), new("Kind"), new("Policy"), new("Backends", true), new("Connections", true),
                new("Open", true), new("Refused", true), new("No backends, as"),
            ],
            frontends.Take(MostLines).Select(f => (IReadOnlyList<string>)
            [
                f.Address, PageText.Or(f.Port), f.Kind, f.Policy, PageText.Count(f.Backends), PageText.Or(f.Connections),
                PageText.Or(f.Open), PageText.Or(f.Refused), PageText.Or(f.NoBackends),
            ]));
        WriteMore(html, frontends.Count);
    }

    /// <param name="withTraffic">Packets and bytes are counted.</param>
    private static void WriteBackends(HtmlWriter html, IReadOnlyList<PageBackend> backends, bool withTraffic)
    {
        html.Add($"<h3>Backends</h3>\n");
        if (backends.Count == 0)
        {
            html.Add($"<p>It has no endpoints.</p>\n");
            return;
        }
        PageTable.Write(html, "Backends",
            [
                new("Backend"), new("Port"), new("State"), new("Node"), new("Weight", true), new("Connections", true),
                new("Open", true), .. withTraffic ? TrafficView.Columns : [],
            ],
            backends.Take(MostLines).Select(b => (IReadOnlyList<string>)
            [
                b.Address, PageText.Or(b.Port), PageText.Or(b.State), PageText.Or(b.Node), PageText.Count(b.Weight),
                PageText.Count(b.Connections), PageText.Count(b.Open), .. withTraffic ? TrafficView.Cells(b.Traffic) : [],
            ]));
        WriteMore(html, backends.Count);
        html.Add($"<p class=\"dim\">Connections and flows of this node.</p>\n");
    }

    private static void WriteFlows(HtmlWriter html, ServiceDetail service, PageQuery query)
    {
        html.Add($"<h3>Flows</h3>\n");
        if (service.FlowsProblem is { } problem)
        {
            html.Add($"<p>The flows could not be read: {problem}</p>\n");
            return;
        }
        if (service.Flows is not { } flows)
        {
            html.Add($"<p><a href=\"{(query with { WithFlows = true }).ToLink()}\">Read the flows</a>: connections of clients outside. ");
            html.Add($"It takes time where there are many, as the whole table is read.</p>\n");
            return;
        }
        if (flows.Matching == 0)
        {
            html.Add($"<p>No flow of it is tracked. Connections of pods of this node are translated at the socket and have none.</p>\n");
            return;
        }
        html.Add($"<p>{PageText.Count(flows.Lines.Count)} of {PageText.Count(flows.Matching)}.</p>\n");
        PageTable.Write(html, "Flows",
            [new("Client"), new("Frontend"), new("Backend"), new("Protocol"), new("State"), new("Idle", true)],
            flows.Lines.Select(f => (IReadOnlyList<string>)
                [f.Client, f.Frontend, f.Backend, f.Protocol, f.Phase, PageText.Seconds(f.Idle)]));
    }

    private static void WriteDrops(HtmlWriter html, IReadOnlyList<PageDrop>? drops)
    {
        html.Add($"<h3>Drops</h3>\n");
        if (drops is null) html.Add($"<p>Not known: drops are not reported, and the view Drops says why.</p>\n");
        else if (drops.Count == 0) html.Add($"<p>None among the last drops that the agent keeps.</p>\n");
        else DropsView.WriteDrops(html, drops);
    }

    private static void WriteMore(HtmlWriter html, int count)
    {
        if (count > MostLines) html.Add($"<p>And {PageText.Count(count - MostLines)} more.</p>\n");
    }
}
