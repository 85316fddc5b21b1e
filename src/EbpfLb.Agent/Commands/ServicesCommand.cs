using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb services`: one row for each frontend.</summary>
internal sealed class ServicesCommand(CommandContext context)
{
    public Task<int> ExecuteAsync(InstanceOptions instance, OutputFormat format, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
        {
            Answer(await view.ServicesAsync(cancellationToken), format);
            return ExitCode.Ok;
        }, cancellationToken);

    private void Answer(ServicesReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report, ControlJson.Default.ServicesReport);
            return;
        }
        context.NoteOrigin(report.Origin);
        context.Terminal.Write(new Table(
            [
                new("NAME"), new("FRONTEND"), new("KIND"), new("POLICY"), new("ID", true), new("BACKENDS", true), new("AFFINITY", true),
                new("CONNECTIONS", true), new("OPEN", true), new("DATAGRAMS", true), new("REFUSED", true),
            ],
            [.. report.Services.Select(RowOf)]));
    }

    private static string[] RowOf(ServiceRow row) =>
    [
        NameText.Of(row.Service, row.Port, row.Id),
        $"{NameText.Endpoint(row.Address, row.PortNumber)}/{row.Protocol}",
        row.Kind,
        row.Policy,
        row.Id?.ToString() ?? "-",
        row.Backends.ToString(),
        row.AffinitySeconds == 0 ? "-" : $"{row.AffinitySeconds} s",
        row.Connections.ToString(),
        row.Active.ToString(),
        row.Datagrams.ToString(),
        row.Refused.ToString(),
    ];
}
