namespace EbpfLb.Http.Page;

/// <summary>Views of the agent itself: what it did, where its programs are, and whether all is well.</summary>
internal static class StateViews
{
    public static void WriteEvents(HtmlWriter html, IReadOnlyList<PageEvent> events)
    {
        if (events.Count == 0)
        {
            html.Add($"<p>Nothing since the agent started.</p>\n");
            return;
        }
        PageTable.BeginCards(html, "Events, newest first", new("Time"), new("What"), new("Object"), new("Text"), new("Times", true));
        foreach (var happened in events)
        {
            html.Add($"<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{PageText.Time(happened.Time)}</th>");
            html.Add($"<td role=\"cell\" data-label=\"What\">");
            if (happened.IsWarning) html.Add($"<span class=\"bad\">! {happened.What}</span>");
            else html.Add($"{happened.What}");
            html.Add($"</td><td role=\"cell\" class=\"wide\" data-label=\"Object\">{PageText.Or(happened.Object)}</td>");
            html.Add($"<td role=\"cell\" class=\"wide\" data-label=\"Text\">{PageText.Or(happened.Text)}</td>");
            html.Add($"<td role=\"cell\" class=\"n\" data-label=\"Times\">{PageText.Count(happened.Count)}</td></tr>\n");
        }
        PageTable.EndCards(html);
    }

    public static void WriteAttachments(HtmlWriter html, PageStatus status)
    {
        html.Add($"<h3>Sockets</h3>\n");
        if (status.Hooks.Count == 0) html.Add($"<p><span class=\"bad\">✗ no hook is attached</span></p>\n");
        else PageTable.Write(html, "Hooks of sockets",
            [new("Hook"), new("Link", true), new("Program", true), new("Control group")],
            status.Hooks.Select(h => (IReadOnlyList<string>)[h.Hook, PageText.Id(h.Link), PageText.Id(h.Program), h.Cgroup]));
        html.Add($"<h3>Devices</h3>\n");
        if (status.Devices.Count == 0) html.Add($"<p>Not known yet.</p>\n");
        else PageTable.Write(html, "Devices and their programs",
            [
                new("Device"), new("Role"), new("State"), new("By"), new("In", true), new("Out", true), new("XDP"), new("Why"),
            ],
            status.Devices.Select(d => (IReadOnlyList<string>)
            [
                d.Name, d.Role, d.IsBad ? "✗ incomplete" : d.Method is null ? "left alone" : "✓ attached", PageText.Or(d.Method),
                PageText.Id(d.Programs.In), PageText.Id(d.Programs.Out), PageText.Or(d.Xdp), d.Why,
            ]));
    }

    /// <param name="isFull">Sentences may be shown, which name objects, addresses and devices.</param>
    public static void WriteHealth(HtmlWriter html, PageHead head, PageStatus status, bool isFull)
    {
        html.Add($"<dl><dt>Ready</dt><dd>{(head.IsReady ? "yes" : "no")}</dd>");
        html.Add($"<dt>Running since</dt><dd>{PageText.Time(status.Started)}</dd>");
        if (status.Source is { } source)
        {
            html.Add($"<dt>Source</dt><dd>{(isFull ? source.Description + ", " : "")}");
            html.Add($"{(source.IsSynced ? "synced" : "not read completely yet")}, ");
            html.Add($"last contact {(source.ContactAge is { } age ? PageText.Seconds(age) + " ago" : PageText.Unknown)}");
            if (source.Error is { } error) html.Add($", <span class=\"bad\">✗ {(isFull ? error : "with an error")}</span>");
            html.Add($"</dd>");
        }
        WriteCanary(html, status.Canary, isFull);
        WriteRound(html, status.LastRound);
        WriteVerify(html, status.LastVerify);
        html.Add($"<dt>Services not programmed</dt><dd>{PageText.Count(status.ServicesNotProgrammed)}</dd></dl>\n");
        if (isFull)
        {
            WriteList(html, "Not ready, as", status.NotReady);
            WriteList(html, "Failed to program", status.Failures);
            WriteList(html, "Rejected configuration", status.Problems);
            WriteList(html, "Warnings", status.Warnings);
        }
        var missing = status.Features.Where(f => f.IsAvailable == false);
        WriteList(html, "Missing in this kernel",
            [.. missing.Select(f => isFull && f.Lost is not null ? $"{f.Name}: {f.Lost}" : f.Name)]);
        WriteList(html, "Not known yet of this kernel", [.. status.Features.Where(f => f.IsAvailable is null).Select(f => f.Name)]);
        html.Add($"<h3>Maps</h3>\n");
        PageTable.Write(html, "Maps",
            [new("Map"), new("Entries", true), new("Capacity", true), new("Full", true)],
            status.Maps.Select(m => (IReadOnlyList<string>)
                [m.Name, PageText.Count(m.Entries), PageText.Count(m.Capacity), PageText.Share(m)]));
    }

    private static void WriteCanary(HtmlWriter html, PageCheck? canary, bool isFull)
    {
        html.Add($"<dt>Canary</dt><dd>");
        if (canary is null) html.Add($"{PageText.Unknown}");
        else if (canary.IsOk) html.Add($"<span class=\"ok\">✓ ok</span>{(canary.At is { } at ? $", checked {PageText.Time(at)}" : "")}");
        else html.Add($"<span class=\"bad\">✗ {(isFull ? canary.Problem ?? "failed" : "failed")}</span>");
        html.Add($"</dd>");
    }

    private static void WriteRound(HtmlWriter html, PageRound? round)
    {
        html.Add($"<dt>Last update</dt><dd>");
        if (round is null) html.Add($"{PageText.Unknown}");
        else
        {
            html.Add($"{PageText.Time(round.At)}: {PageText.Count(round.Services)} services, ");
            html.Add($"{PageText.Count(round.Operations)} operations, ");
            if (round.Failed > 0) html.Add($"<span class=\"bad\">✗ {PageText.Count(round.Failed)} failed</span>");
            else html.Add($"0 failed");
            if (round.RetryIn is { } retry) html.Add($", tried again after {PageText.Seconds(retry)}");
        }
        html.Add($"</dd>");
    }

    private static void WriteVerify(HtmlWriter html, PageVerify? verify)
    {
        html.Add($"<dt>Last verification</dt><dd>");
        if (verify is null) html.Add($"{PageText.Unknown}");
        else
        {
            html.Add($"{PageText.Time(verify.At)}: {PageText.Count(verify.Compared)} elements compared, ");
            if (verify is { Differences: 0, IsComplete: false })
            {
                html.Add($"<span class=\"warn\">! nothing of that differs, but not all could be compared</span></dd>");
                return;
            }
            if (verify.Differences == 0) html.Add($"<span class=\"ok\">✓ nothing differs</span>");
            else
            {
                html.Add($"<span class=\"bad\">✗ {PageText.Count(verify.Differences)} differ, ");
                html.Add($"{PageText.Count(verify.Repaired)} repaired</span>");
            }
            if (!verify.IsComplete) html.Add($", not all could be compared");
        }
        html.Add($"</dd>");
    }

    private static void WriteList(HtmlWriter html, string heading, IReadOnlyList<string> lines)
    {
        const int Most = 50;
        if (lines.Count == 0) return;
        html.Add($"<h3>{heading}</h3><ul>\n");
        foreach (var line in lines.Take(Most)) html.Add($"<li>{line}</li>\n");
        if (lines.Count > Most) html.Add($"<li>and {PageText.Count(lines.Count - Most)} more (`ebpflb status`)</li>\n");
        html.Add($"</ul>\n");
    }
}
