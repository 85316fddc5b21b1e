using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb services [SERVICE]`: one row for each frontend; what its service port counted is in the first of them.</summary>
internal sealed class ServicesCommand(CommandContext context)
{
    /// <summary>A cluster has thousands without backends; JSON has the reason of each.</summary>
    private const int MostReasons = 20;

    private const string Counted = "\"";

    public Command Create() => ServiceQueryCommand.Create(
        context, "services", "Lists the frontends with their backends' number, and the counters of their service ports",
        async (view, query, format, token) => Answer(await view.ServicesAsync(query, token), format));

    private int Answer(ServicesReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report, ControlJson.Default.ServicesReport);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        context.Terminal.Write(new Table(
            [
                new("NAME"), new("FRONTEND"), new("KIND"), new("POLICY"), new("SCHEDULER"), new("ID", true), new("BACKENDS", true),
                new("AFFINITY", true), new("CONNECTIONS", true), new("OPEN", true), new("DATAGRAMS", true), new("REFUSED", true),
            ],
            [.. report.Services.SelectMany(s => s.Frontends.Select((f, i) => RowOf(s, f, isFirst: i == 0)))]));
        var empty = report.Services
            .SelectMany(s => s.Frontends.Where(f => f.NoBackends is not null).Select(f
                => (Name: NameOf(s), f.Policy, Reason: f.NoBackends!))).Distinct()
            .Select(e => $"{e.Name}, policy {e.Policy}: {e.Reason}").ToList();
        context.WriteReasons("No backends, as", empty, MostReasons);
        return ExitCode.Ok;
    }

    private static string[] RowOf(ServiceRow row, FrontendRow frontend, bool isFirst) =>
    [
        NameOf(row),
        $"{NameText.Endpoint(frontend.Address, frontend.PortNumber)}/{row.Protocol}",
        frontend.Kind,
        frontend.Policy,
        row.Scheduler,
        row.Id?.ToString() ?? "-",
        frontend.Backends.ToString(),
        row.AffinitySeconds == 0 ? "-" : $"{row.AffinitySeconds} s",
        // The frontends of a service port share its counters: once, so that a column can be summed up.
        .. new[] { row.Connections, row.Active, row.Datagrams, row.Refused }.Select(n => isFirst ? n.ToString() : Counted),
    ];

    private static string NameOf(ServiceRow row) => NameText.Of(row.Service, row.Port, row.Id);
}

/// <summary>How services and addresses are written in tables.</summary>
internal static class NameText
{
    /// <summary>"default/web:http", "default/web", or "#7" when only the id is known.</summary>
    public static string Of(string? service, string? port, uint? id)
        => service is null ? $"#{id}" : string.IsNullOrEmpty(port) ? service : $"{service}:{port}";

    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public static string Endpoint(string address, int port) => address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";
}
