using System.CommandLine;
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

    private Command CreateList() => Create("list", "Lists flows", withLimit: true, (instance, query, format, token)
        => context.AskAsync(instance, async view => Answer(await view.Flows.ListAsync(query, token), format), token));

    private Command CreateCount() => Create("count", "Counts flows by protocol and phase, and shows the services that have most",
        withLimit: false, (instance, query, format, token)
        => context.AskAsync(instance, async view => Answer(await view.Flows.CountAsync(query, token), format), token));

    private Command CreateFlush()
    {
        var all = new Option<bool>("--all") { Description = "Every flow; needed when no other option says which" };
        bool? everything = null;
        var command = Create(
            "flush", "Removes flows: their next packets are balanced anew", withLimit: false, (instance, query, format, token) =>
        {
            if (query.IsEverything && everything != true)
            {
                context.Terminal.Error.WriteLine(
                    "this would remove every flow: say which (--service, --backend, --client, ...), or give --all");
                return Task.FromResult(ExitCode.Usage);
            }
            return context.AskAsync(instance, async view => Answer(await view.Flows.FlushAsync(query, token), format), token);
        }, result => everything = result.GetValue(all));
        command.Options.Add(all);
        return command;
    }

    private Command Create(
        string name, string description, bool withLimit, Func<InstanceOptions, FlowQuery, OutputFormat, CancellationToken, Task<int>> run,
        Action<ParseResult>? before = null)
    {
        var instance = context.NewInstanceOptions();
        var query = new FlowQueryOptionSet();
        var format = CommandLine.CreateFormat();
        var command = new Command(name, description);
        query.AddTo(command, withLimit);
        instance.AddTo(command);
        command.Options.Add(format);
        command.SetAction((result, token) =>
        {
            before?.Invoke(result);
            return run(instance.Read(result), query.Read(result), result.GetValue(format), token);
        });
        return command;
    }

    private int Answer(FlowsReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report, ControlJson.Default.FlowsReport);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        context.Terminal.Write(new Table(
            [
                new("PROTO"), new("CLIENT"), new("FRONTEND"), new("BACKEND"), new("SNAT"), new("PHASE"), new("IDLE", true), new("IN"),
                new("OUT"), new("SERVICE"),
            ],
            [.. report.Flows.Select(RowOf)]));
        if (report.Matching > report.Flows.Count)
            context.Terminal.Error.WriteLine($"{report.Flows.Count} of {report.Matching} flows are shown; say which "
                + "with --service, --client, ..., or give a larger --limit");
        return ExitCode.Ok;
    }

    private static string[] RowOf(FlowRow flow) =>
    [
        flow.Protocol, flow.Client, flow.Frontend, flow.Backend, flow.Snat ?? "-", flow.Whole ? flow.Phase : $"{flow.Phase}, half",
        $"{flow.IdleSeconds:0} s",
        flow.ReplyDevice ?? "-", flow.RequestDevice ?? "-", flow.Service ?? $"#{flow.ServiceId}",
    ];

    private int Answer(FlowCountReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report, ControlJson.Default.FlowCountReport);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        var terminal = context.Terminal;
        terminal.Out.WriteLine($"{report.Matching} flows");
        WriteTable(new Table(
            [new("FAMILY"), new("PROTO"), new("PHASE"), new("FLOWS", true)],
            [.. report.Groups.Select(g => new[] { g.Family, g.Protocol, g.Phase, g.Flows.ToString() })]));
        WriteTable(new Table(
            [new("SERVICE"), new("ID", true), new("FLOWS", true)],
            [.. report.Services.Select(s => new[] { s.Service ?? "-", s.ServiceId.ToString(), s.Flows.ToString() })]));
        WriteTable(new Table(
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

    private void WriteTable(Table table)
    {
        if (table.Rows.Count == 0) return;
        context.Terminal.Out.WriteLine();
        context.Terminal.Write(table);
    }
}
