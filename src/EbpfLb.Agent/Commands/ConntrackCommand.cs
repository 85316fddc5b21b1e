using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb conntrack list|count|flush`: flows that are tracked, with an agent or without.</summary>
internal sealed class ConntrackCommand(CommandContext context)
{
    public Command Create() => new("conntrack", "Lists, counts and removes the flows that are tracked")
    {
        CreateList(), CreateCount(), CreateFlush(),
    };

    private Command CreateList() => CreateListing("list", "Lists flows", withLimit: true,
        new ListOptionSet(["client", "frontend", "backend", "service", "phase", "idle"], Enum.GetValues<ListFormat>()),
        (instance, query, how, token)
        => context.AskAsync(instance, how, async view => Answer(await view.Flows.ListAsync(query, token), how), token));

    private Command CreateCount() => CreateListing("count", "Counts flows by protocol and phase, and shows the services that have most",
        withLimit: false, new ListOptionSet([], ListFormat.Table, ListFormat.Json, ListFormat.Yaml, ListFormat.JsonPath),
        (instance, query, how, token)
        => context.AskAsync(instance, how, async view => Answer(await view.Flows.CountAsync(query, token), how), token));

    private Command CreateFlush()
    {
        var all = new Option<bool>("--all") { Description = "Every flow; needed when no other option says which" };
        var (instance, query, format) = (context.NewInstanceOptions(), new FlowQueryOptionSet(), CommandLine.CreateFormat());
        var command = new Command("flush", "Removes flows: their next packets are balanced anew");
        query.AddTo(command);
        instance.AddTo(command);
        command.Options.Add(format);
        command.Options.Add(all);
        command.SetAction((result, token) =>
        {
            var (meant, form) = (query.Read(result), result.GetValue(format));
            if (!meant.IsEverything || result.GetValue(all))
                return context.AskAsync(
                    instance.Read(result), async view => Answer(await view.Flows.FlushAsync(meant, token), form), token);
            context.Terminal.Error.WriteLine(
                "this would remove every flow: say which (--service, --backend, --client, ...), or give --all");
            return Task.FromResult(ExitCode.Usage);
        });
        return command;
    }

    private Command CreateListing(
        string name, string description, bool withLimit, ListOptionSet list,
        Func<InstanceOptions, FlowQuery, ListView, CancellationToken, Task<int>> run)
    {
        var (instance, query) = (context.NewInstanceOptions(), new FlowQueryOptionSet());
        var command = new Command(name, description);
        query.AddTo(command, withLimit);
        instance.AddTo(command);
        list.AddTo(command);
        command.SetAction((result, token) => run(instance.Read(result), query.Read(result), list.Read(result), token));
        return command;
    }

    private int Answer(FlowsReport report, ListView how)
    {
        report = report with { Flows = Sort(report.Flows, how.Order) };
        if (how.IsReport)
        {
            context.Write(report, ControlJson.Default.FlowsReport, how);
            return ExitCode.Ok;
        }
        if (how.Format == ListFormat.Name)
        {
            foreach (var name in report.Flows.Select(ServiceOf).Distinct(StringComparer.Ordinal)) context.Terminal.Out.WriteLine(name);
        }
        else
        {
            context.NoteOrigin(report.Origin);
            var isWide = how.Format == ListFormat.Wide;
            context.Terminal.Write(new Table(
                [
                    new("PROTO"), new("CLIENT"), new("FRONTEND"), new("BACKEND"), new("SNAT"), new("PHASE"), new("IDLE", true), new("IN"),
                    new("OUT"), new("SERVICE"), .. isWide ? new Column[] { new("SERVICE ID", true), new("FAMILY") } : [],
                ],
                [.. report.Flows.Select(f => RowOf(f, isWide))]), how.HasHeaders);
        }
        if (report.Matching > report.Flows.Count)
            context.Terminal.Error.WriteLine($"{report.Flows.Count} of {report.Matching} flows are shown; say which "
                + "with --service, --client, ..., or give a larger --limit");
        return ExitCode.Ok;
    }

    /// <summary>The agent answers by clients, and sends no more than the limit: these alone are sorted.</summary>
    private static IReadOnlyList<FlowRow> Sort(IReadOnlyList<FlowRow> flows, string? order) => order switch
    {
        null or "client" => flows,
        "frontend" => [.. flows.OrderBy(f => EndpointOrder.Of(f.Frontend))],
        "backend" => [.. flows.OrderBy(f => EndpointOrder.Of(f.Backend))],
        "service" => [.. flows.OrderBy(ServiceOf, StringComparer.Ordinal)],
        "phase" => [.. flows.OrderBy(f => f.Phase, StringComparer.Ordinal)],
        _ => [.. flows.OrderByDescending(f => f.IdleSeconds)],
    };

    private static string[] RowOf(FlowRow flow, bool isWide) =>
    [
        flow.Protocol, flow.Client, flow.Frontend, flow.Backend, flow.Snat ?? "-", flow.Whole ? flow.Phase : $"{flow.Phase}, half",
        $"{flow.IdleSeconds:0} s",
        flow.ReplyDevice ?? "-", flow.RequestDevice ?? "-", ServiceOf(flow),
        .. isWide ? new[] { flow.ServiceId.ToString(), flow.Client.StartsWith('[') ? "IPv6" : "IPv4" } : [],
    ];

    private static string ServiceOf(FlowRow flow) => flow.Service ?? $"#{flow.ServiceId}";

    private int Answer(FlowCountReport report, ListView how)
    {
        if (how.IsReport)
        {
            context.Write(report, ControlJson.Default.FlowCountReport, how);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        var terminal = context.Terminal;
        if (how.HasHeaders) terminal.Out.WriteLine($"{report.Matching} flows");
        WriteTable(how, new Table(
            [new("FAMILY"), new("PROTO"), new("PHASE"), new("FLOWS", true)],
            [.. report.Groups.Select(g => new[] { g.Family, g.Protocol, g.Phase, g.Flows.ToString() })]));
        WriteTable(how, new Table(
            [new("SERVICE"), new("ID", true), new("FLOWS", true)],
            [.. report.Services.Select(s => new[] { s.Service ?? "-", s.ServiceId.ToString(), s.Flows.ToString() })]));
        WriteTable(how, new Table(
            [new("MAP"), new("ENTRIES", true), new("CAPACITY", true), new("FULL", true)],
            [.. report.Maps.Select(m
                => new[] { m.Name, m.Entries.ToString(), m.Capacity.ToString(), $"{100.0 * m.Entries / m.Capacity:0.0} %" })]));
        return ExitCode.Ok;
    }

    private int Answer(FlushReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json) context.WriteJson(report, ControlJson.Default.FlushReport);
        else context.Terminal.Out.WriteLine($"{report.Removed} flows removed");
        return ExitCode.Ok;
    }

    private void WriteTable(ListView how, Table table)
    {
        if (table.Rows.Count == 0) return;
        context.Terminal.Out.WriteLine();
        context.Terminal.Write(table, how.HasHeaders);
    }
}
