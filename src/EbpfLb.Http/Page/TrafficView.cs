using EbpfLb.Http.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Page;

/// <summary>Packets and bytes of a Service, where they are counted; else it says that they are not.</summary>
internal static class TrafficView
{
    /// <summary>In this order in every table.</summary>
    public static readonly PageColumn[] Columns =
        [new("Packets in", true), new("Bytes in", true), new("Packets out", true), new("Bytes out", true)];

    public static void Write(HtmlWriter html, ServiceDetail service)
    {
        html.Add($"<h3>Packets and bytes</h3>\n");
        if (service.Traffic is not { } ports)
        {
            WriteOff(html);
            return;
        }
        var rates = service.Line.Traffic;
        html.Add($"<dl><dt>In, from clients</dt><dd>{Rate(rates?.In)}</dd>");
        html.Add($"<dt>Out, replies</dt><dd>{Rate(rates?.Out)}</dd></dl>\n");
        WriteHistory(html, "Bytes/s in", rates?.In);
        WriteHistory(html, "Bytes/s out", rates?.Out);
        PageTable.Write(html, "Packets and bytes of each service port", [new("Port"), new("Family"), .. Columns],
            ports.Select(p => (IReadOnlyList<string>)[PageText.Or(p.Port), p.Family, .. Cells(p.Counted)]));
        html.Add($"""
            <p class="dim">Of what passes the programs at the devices of this node. Connections of pods and of the node are translated at
            their sockets and pass none, so they are in no count.</p>

            """);
    }

    /// <summary>Where tables have no columns for them.</summary>
    public static void WriteOff(HtmlWriter html) => html.Add($"""
        <p class="dim">Packets and bytes are not counted: the agent runs without <code>{OptionNames.TrafficCounts}</code>.</p>

        """);

    public static IEnumerable<string> Cells(TrafficReading? counted)
        => [PageText.Count(counted?.PacketsIn), PageText.Count(counted?.BytesIn), PageText.Count(counted?.PacketsOut),
            PageText.Count(counted?.BytesOut)];

    private static string Rate(PageDirection? direction) => direction is { } known
        ? $"{PageText.Rate(known.Packets)} packets/s, {PageText.Rate(known.Bytes)} bytes/s" : PageText.Unknown;

    private static void WriteHistory(HtmlWriter html, string what, PageDirection? direction)
    {
        html.Add($"<h4>{what}</h4>\n");
        Sparkline.Write(html, direction?.BytesBefore ?? [], isLarge: true);
    }
}
