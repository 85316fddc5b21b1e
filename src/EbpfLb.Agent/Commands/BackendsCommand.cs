using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb backends [SERVICE]`: where connections go.</summary>
internal sealed class BackendsCommand(CommandContext context)
{
    private const int MostReasons = 20;

    public Command Create() => ServiceQueryCommand.Create(
        context, "backends", "Lists the backends that connections are sent to",
        async (view, query, format, token) => Answer(await view.BackendsAsync(query, token), format));

    private int Answer(BackendsReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report, ControlJson.Default.BackendsReport);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        context.Terminal.Write(new Table(
            [
                new("NAME"), new("SERVICE ID", true), new("BACKEND"), new("WEIGHT", true), new("CONNECTIONS", true), new("OPEN", true),
            ],
            [.. report.Backends.Select(r => new[]
            {
                NameText.Of(r.Service, r.Port, r.ServiceId),
                r.ServiceId?.ToString() ?? "-",
                $"{NameText.Endpoint(r.Address, r.PortNumber)}/{r.Protocol}",
                r.Weight.ToString(),
                r.Connections?.ToString() ?? "-",
                r.Open?.ToString() ?? "-",
            })]));
        context.WriteReasons("No backends, as",
            [.. report.Empty.Select(e => $"{NameText.Of(e.Service, e.Port, null)} ({e.Protocol}, {e.Family}): {e.Reason}")], MostReasons);
        return ExitCode.Ok;
    }
}
