using System.CommandLine;
using System.Text.Json;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>`ebpflb sysdump`: one archive with all that helps to find out what is wrong, for somebody who is not here.</summary>
internal sealed class SysdumpCommand(CommandContext context, AgentParts parts)
{
    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var file = new Option<string?>("--file", "-f")
        {
            HelpName = "FILE",
            Description = "The archive to make, - for the standard output (default: ebpflb-sysdump-HOST-TIME.tar.gz in this directory)",
        };
        var command = new Command("sysdump",
            "Collects the state of an instance and of this node into one archive, without secrets; what cannot be had is noted in it");
        instance.AddTo(command);
        command.Options.Add(file);
        command.SetAction((result, token) => ExecuteAsync(instance.Read(result), result.GetValue(file), token));
        return command;
    }

    private async Task<int> ExecuteAsync(InstanceOptions instance, string? file, CancellationToken cancellationToken)
    {
        var (output, error) = (context.Terminal.Out, context.Terminal.Error);
        if (!parts.IsRoot)
        {
            await error.WriteLineAsync("cannot collect: the control socket, the maps and the programs belong to root; run as root");
            return ExitCode.Failed;
        }
        var now = parts.Time.GetUtcNow();
        var name = $"ebpflb-sysdump-{Environment.MachineName}-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}";
        var path = file ?? $"{name}.tar.gz";
        var isOutput = path == DumpArchive.Output;
        if (isOutput && !Console.IsOutputRedirected)
        {
            await error.WriteLineAsync("an archive is not written to a terminal: redirect the output to a file, or name one with --file");
            return ExitCode.Failed;
        }
        try
        {
            using var archive = new DumpArchive(path, name, now);
            var failures = await FillAsync(archive, instance, cancellationToken);
            if (isOutput) await error.WriteLineAsync("wrote the archive to the standard output");
            else await output.WriteLineAsync($"wrote {path}");
            foreach (var failure in failures) await error.WriteLineAsync($"not in it: {failure}");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"cannot write {path}: {e.Message}; name another file with --file");
            return ExitCode.Failed;
        }
    }

    /// <summary>What could not be had, which is in the archive too.</summary>
    private async Task<IReadOnlyList<string>> FillAsync(DumpArchive archive, InstanceOptions instance, CancellationToken cancellationToken)
    {
        List<string> contents = [], failures = [];
        var (view, missing) = await FindAsync(instance, cancellationToken);
        using var disposable = view as IDisposable;
        if (missing is not null) failures.Add($"the instance's answers: {missing}");
        var start = await StartOf(view, cancellationToken);
        var pid = new DoctorFacts(instance, LoadedConfig.Default, null, parts.Time) is var facts ? facts.AgentPid : null;
        facts.Dispose();
        var secrets = new SecretRemover(KnownSecrets.Find(start, pid));
        var kernel = KernelOptions.Of(instance);
        IEnumerable<DumpPart> all =
        [
            new("version.txt", () => $"ebpflb {VersionCommand.Version} (.NET {Environment.Version})\ninstance {instance.Name}\n"
                + $"{parts.Time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n"),
            .. view is null ? [] : InstanceParts.Of(view),
            .. InstanceParts.OfProcess(start, pid),
            .. KernelParts.Of(kernel),
            new("doctor.json", async token => PlainJson.Text(
                await parts.Examine(new DoctorRequest(instance, null, null), token), DoctorJson.Default.DoctorReport)),
        ];
        foreach (var part in all)
        {
            try
            {
                archive.Add(part.File, secrets.Clean(await part.Read(cancellationToken)));
                contents.Add($"{part.File}: ok");
            }
            catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                failures.Add($"{part.File}: {secrets.Clean(e.Message)}");
            }
        }
        archive.Add("contents.txt", string.Join('\n', [.. contents, .. failures.Select(f => $"failed: {f}")]));
        return failures;
    }

    private async Task<(IInstanceView? View, string? Problem)> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.Finder.FindAsync(instance, cancellationToken) is { } view ? (view, null) : (null,
                parts.Finder.Explain(instance));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The agent's options; null: it does not say them.</summary>
    private static async Task<StartOptions?> StartOf(IInstanceView? view, CancellationToken cancellationToken)
    {
        try
        {
            return view is not null && await view.ConfigAsync(cancellationToken) is { } json ? StartOptions.Of(ConfigJson.Read(json))
                : null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException or ConfigException)
        {
            // The part that asks for it says so.
            return null;
        }
    }
}
