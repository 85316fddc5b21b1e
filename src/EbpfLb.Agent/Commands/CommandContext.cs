using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Bpf;

namespace EbpfLb.Agent.Commands;

/// <summary>What the commands that ask share: where to look, and how to answer.</summary>
internal sealed class CommandContext(IInstanceFinder finder, Terminal terminal)
{
    public Terminal Terminal => terminal;

    /// <summary>Finds the instance and lets the command answer; says what to do when nothing is there.</summary>
    public async Task<int> AskAsync(InstanceOptions instance, Func<IInstanceView, Task<int>> answer, CancellationToken cancellationToken)
    {
        try
        {
            var view = await finder.FindAsync(instance, cancellationToken);
            if (view is not null) return await answer(view);
            await terminal.Error.WriteLineAsync(
                $"nothing of instance '{instance.Name}' is here: no agent answers on {instance.ControlSocket} and no maps are pinned. "
                + "Start it with `ebpflb run`, or name another with --instance.");
            return ExitCode.NotReady;
        }
        catch (FormatException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is BpfException or UnauthorizedAccessException or IOException or HttpRequestException or JsonException)
        {
            await terminal.Error.WriteLineAsync($"cannot read instance '{instance.Name}': {e.Message}");
            return ExitCode.Failed;
        }
    }

    public void WriteJson<T>(T report, JsonTypeInfo<T> type) => terminal.Out.WriteLine(JsonSerializer.Serialize(report, type));

    /// <summary>Says that names are missing because no agent answered.</summary>
    public void NoteOrigin(string origin)
    {
        if (origin == Origin.Maps) terminal.Error.WriteLine("no agent answers: read from the pinned maps, which hold no names");
    }
}
