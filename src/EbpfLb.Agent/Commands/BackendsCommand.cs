using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb backends [SERVICE]`: where connections go.</summary>
internal sealed class BackendsCommand(CommandContext context)
{
    /// <param name="service">"namespace/name", a name, or "#id"; null: all.</param>
    public Task<int> ExecuteAsync(InstanceOptions instance, string? service, OutputFormat format, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view => Answer(await view.BackendsAsync(cancellationToken), service, format), cancellationToken);

    private int Answer(BackendsReport report, string? service, OutputFormat format)
    {
        var rows = report.Backends.Where(r => service is null || IsOf(r, service)).ToList();
        if (format == OutputFormat.Json)
        {
            context.WriteJson(report with { Backends = rows }, ControlJson.Default.BackendsReport);
            return ExitCode.Ok;
        }
        context.NoteOrigin(report.Origin);
        if (rows.Count == 0 && service is not null)
            context.Terminal.Error.WriteLine($"'{service}' has no backends here; `ebpflb services` lists what there is");
        context.Terminal.Write(new Table(
            [new("NAME"), new("SERVICE ID", true), new("BACKEND")],
            [.. rows.Select(r => new[]
            {
                NameText.Of(r.Service, r.Port, r.ServiceId),
                r.ServiceId?.ToString() ?? "-",
                $"{NameText.Endpoint(r.Address, r.PortNumber)}/{r.Protocol}",
            })]));
        return ExitCode.Ok;
    }

    private static bool IsOf(BackendRow row, string service)
        => service == $"#{row.ServiceId}" || row.Service == service || (row.Service is { } name && name[(name.IndexOf('/') + 1)..] == service);
}
