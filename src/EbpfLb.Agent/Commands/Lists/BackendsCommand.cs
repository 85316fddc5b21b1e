using System.CommandLine;
using System.Globalization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>`ebpflb backends [SERVICE]`: where connections go.</summary>
internal sealed class BackendsCommand(CommandContext context)
{
    private const int MostReasons = 20;

    private static readonly Column[] PlaceColumns = [new("NODE"), new("ZONE"), new("THIS NODE"), new("STATE")];

    public Command Create() => ServiceQueryCommand.Create(
        context, "backends", "Lists the backends that connections are sent to",
        ["name", "address", "weight", "connections", "open", "bytes"],
        async (view, query, how, token) => Answer(await view.BackendsAsync(query, token), how));

    private void Answer(BackendsReport report, ListView how)
    {
        report = report with { Backends = Sort(report.Backends, how.Order) };
        if (how.Format == ListFormat.Name)
        {
            foreach (var name in report.Backends.Select(EndpointOf).Distinct(StringComparer.Ordinal)) context.Terminal.Out.WriteLine(name);
            return;
        }
        if (!how.IsTable)
        {
            context.Write(report, ControlJson.Default.BackendsReport, how);
            return;
        }
        context.NoteOrigin(report.Origin);
        var isWide = how.Format == ListFormat.Wide;
        var sums = report.Backends.GroupBy(PortOf).ToDictionary(g => g.Key, g => g.Sum(b => (double)(b.Connections ?? 0)));
        context.Terminal.Write(new Table(
            [
                new("NAME"), new("SERVICE ID", true), new("BACKEND"), new("WEIGHT", true), new("CONNECTIONS", true), new("OPEN", true),
                .. isWide ? [new("SHARE", true), .. TrafficColumns.All, new("FAMILY"), .. PlaceColumns] : Array.Empty<Column>(),
            ],
            [.. report.Backends.Select(r => (string[])
            [
                NameText.Of(r.Service, r.Port, r.ServiceId),
                r.ServiceId?.ToString() ?? "-",
                EndpointOf(r),
                r.Weight.ToString(),
                r.Connections?.ToString() ?? "-",
                r.Open?.ToString() ?? "-",
                .. isWide
                    ? [ShareOf(r, sums[PortOf(r)]), .. TrafficColumns.Of(r.Traffic), r.Address.Contains(':') ? "IPv6" : "IPv4",
                        .. PlaceOf(r)]
                    : Array.Empty<string>(),
            ])]), how.HasHeaders);
        if (!how.HasHeaders) return;
        context.WriteReasons("No backends, as",
            [.. report.Empty.Select(e => $"{NameText.Of(e.Service, e.Port, null)} ({e.Protocol}, {e.Family}): {e.Reason}")], MostReasons);
    }

    private static IReadOnlyList<BackendRow> Sort(IReadOnlyList<BackendRow> rows, string? order) => order switch
    {
        null or "name" => rows,
        "address" => [.. rows.OrderBy(r => Model.IpAddress.Parse(r.Address)).ThenBy(r => r.PortNumber)],
        "weight" => [.. rows.OrderByDescending(r => r.Weight)],
        "connections" => [.. rows.OrderByDescending(r => r.Connections ?? 0)],
        "bytes" => [.. rows.OrderByDescending(r => TrafficColumns.Bytes(r.Traffic))],
        _ => [.. rows.OrderByDescending(r => r.Open ?? 0)],
    };

    /// <summary>Without an agent nothing of it is known.</summary>
    private static IEnumerable<string> PlaceOf(BackendRow row)
        => new[] { row.Node, row.Zone, row.Local switch { true => "yes", false => "no", null => null }, row.State }.Select(t => t ?? "-");

    private static string EndpointOf(BackendRow row) => $"{NameText.Endpoint(row.Address, row.PortNumber)}/{row.Protocol}";

    /// <summary>Backends of a service port in one family are chosen from together.</summary>
    private static (string?, string?, string, uint?) PortOf(BackendRow row) => (row.Service, row.Port, row.Protocol, row.ServiceId);

    private static string ShareOf(BackendRow row, double all)
        => row.Connections is { } own && all > 0 ? (own / all).ToString("0.0 %", CultureInfo.InvariantCulture) : "-";
}
