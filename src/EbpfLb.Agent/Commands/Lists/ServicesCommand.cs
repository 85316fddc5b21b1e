using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>`ebpflb services [SERVICE]`: one row for each frontend; what its service port counted is in the first of them.</summary>
internal sealed class ServicesCommand(CommandContext context)
{
    /// <summary>A cluster has thousands without backends; JSON has the reason of each.</summary>
    private const int MostReasons = 20;

    private const string NotProgrammedYet = "not programmed yet; `ebpflb status` says what is missing";

    private const string Counted = "\"", NotProgrammed = "-";

    public Command Create() => ServiceQueryCommand.Create(
        context, "services", "Lists the frontends with their backends' number, and the counters of their service ports",
        ["name", "backends", "connections", "open", "datagrams", "refused", "bytes"],
        async (view, query, how, token) => Answer(await view.ServicesAsync(query, token), how));

    private void Answer(ServicesReport report, ListView how)
    {
        report = report with { Services = Sort(report.Services, how.Order) };
        if (how.Format == ListFormat.Name)
        {
            foreach (var name in report.Services.Select(NameOf).Distinct(StringComparer.Ordinal)) context.Terminal.Out.WriteLine(name);
            return;
        }
        if (!how.IsTable)
        {
            context.Write(report, ControlJson.Default.ServicesReport, how);
            return;
        }
        context.NoteOrigin(report.Origin);
        var isWide = how.Format == ListFormat.Wide;
        var rows = report.Services.SelectMany(s => s.Frontends.Select((f, i) => (Service: s, Frontend: f, IsFirst: i == 0))).ToList();
        context.Terminal.Write(new Table(
            [
                new("NAME"), new("FRONTEND"), new("KIND"), new("POLICY"), new("SCHEDULER"), new("ID", true), new("BACKENDS", true),
                new("AFFINITY", true), new("CONNECTIONS", true), new("OPEN", true), new("DATAGRAMS", true), new("REFUSED", true),
                .. isWide ? TrafficColumns.All : [],
                .. isWide ? new Column[] { new("FAMILY"), new("LAST CHANGE"), new("NO BACKENDS, AS") } : [],
            ],
            [.. rows.Select(r => RowOf(r.Service, r.Frontend, r.IsFirst, isWide))])
        {
            Tones = [.. rows.Select(r => IsWrong(r.Service) ? Tone.Error : r.Frontend.Backends == 0 ? Tone.Warning : Tone.None)],
        }, how.HasHeaders);
        if (!how.HasHeaders) return;
        context.WriteReasons("Not in the kernel as they should be, as",
            [.. report.Services.Where(IsWrong).Select(s => $"{NameOf(s)}: {s.Failure ?? NotProgrammedYet}").Distinct()], MostReasons,
            Tone.Error);
        if (isWide) return;
        var empty = report.Services
            .SelectMany(s => s.Frontends.Where(f => f.NoBackends is not null).Select(f
                => (Name: NameOf(s), f.Policy, Reason: f.NoBackends!))).Distinct()
            .Select(e => $"{e.Name}, policy {e.Policy}: {e.Reason}").ToList();
        context.WriteReasons("No backends, as", empty, MostReasons);
    }

    private static IReadOnlyList<ServiceRow> Sort(IReadOnlyList<ServiceRow> rows, string? order) => order switch
    {
        null or "name" => rows,
        "backends" => [.. rows.OrderByDescending(r => r.Frontends.Select(f => f.Backends).DefaultIfEmpty(0).Max())],
        "connections" => [.. rows.OrderByDescending(r => r.Connections)],
        "open" => [.. rows.OrderByDescending(r => r.Active)],
        "datagrams" => [.. rows.OrderByDescending(r => r.Datagrams)],
        "bytes" => [.. rows.OrderByDescending(r => TrafficColumns.Bytes(r.Traffic))],
        _ => [.. rows.OrderByDescending(r => r.Refused)],
    };

    private static string[] RowOf(ServiceRow row, FrontendRow frontend, bool isFirst, bool isWide) =>
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
        .. new[] { row.Connections, row.Active, row.Datagrams, row.Refused }.Select(n
            => !row.Programmed ? NotProgrammed : isFirst ? n.ToString() : Counted),
        .. isWide ? TrafficColumns.Of(row.Traffic).Select(n => isFirst || !row.Programmed ? n : Counted) : [],
        .. isWide ? new[] { row.Family, row.LastChange is { } time ? DrainText.Time(time) : "-", frontend.NoBackends ?? "-" } : [],
    ];

    private static bool IsWrong(ServiceRow row) => !row.Programmed || row.Failure is not null;

    private static string NameOf(ServiceRow row) => NameText.Of(row.Service, row.Port, row.Id);
}
