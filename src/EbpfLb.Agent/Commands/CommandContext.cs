using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Bpf;
using EbpfLb.Http.Server;
using EbpfLb.Timing;

namespace EbpfLb.Agent.Commands;

/// <summary>What the commands that ask share: where to look, and how to answer.</summary>
internal sealed class CommandContext(AgentParts parts, Terminal terminal)
{
    /// <summary>Between two looks for an agent that is away.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public Terminal Terminal => terminal;

    public TimeProvider Time => parts.Time;

    public bool IsRoot => parts.IsRoot;

    /// <summary>The options that choose an instance, for one command.</summary>
    public InstanceOptionSet NewInstanceOptions() => new(new InstanceEnvironment(parts.Environment));

    /// <summary>Finds the instance and lets the command answer; says what to do when nothing is there.</summary>
    public async Task<int> AskAsync(InstanceOptions instance, Func<IInstanceView, Task<int>> answer, CancellationToken cancellationToken)
    {
        try
        {
            var view = await parts.Finder.FindAsync(instance, cancellationToken);
            if (view is null && !parts.IsRoot)
            {
                await terminal.Error.WriteLineAsync(NotRoot($"cannot see whether instance '{instance.Name}' is there"));
                return ExitCode.Failed;
            }
            if (view is null)
            {
                await terminal.Error.WriteLineAsync(parts.Finder.Explain(instance));
                return ExitCode.NotReady;
            }
            // A command that watches asks many times, over a connection each.
            using var connection = view as IDisposable;
            if (view.Note is { } note) await terminal.Error.WriteLineAsync(note);
            return await answer(view);
        }
        catch (UnknownServiceException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.NotReady;
        }
        catch (FormatException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            var what = $"cannot read instance '{instance.Name}'";
            await terminal.Error.WriteLineAsync(parts.IsRoot ? $"{what}: {e.Message}" : $"{NotRoot(what)} ({e.Message})");
            return ExitCode.Failed;
        }
    }

    /// <inheritdoc cref="IInstanceFinder.FindAsync"/>
    public Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
        => parts.Finder.FindAsync(instance, cancellationToken);

    /// <inheritdoc cref="IInstanceFinder.Explain"/>
    public string Explain(InstanceOptions instance) => parts.Finder.Explain(instance);

    /// <summary>What asking an instance may fail with, for a reason that its message says.</summary>
    public static bool IsUnreadable(Exception e)
        => e is BpfException or UnauthorizedAccessException or IOException or HttpRequestException or JsonException;

    /// <summary>The same for a list, again and again where that is asked for.</summary>
    public Task<int> AskAsync(
        InstanceOptions instance, ListView how, Func<IInstanceView, Task<int>> answer, CancellationToken cancellationToken)
    {
        if (how.Watch is not { } watch) return AskAsync(instance, answer, cancellationToken);
        var isFirst = true;
        // An agent that is away for a moment is what one watches for.
        return watch.RunAsync(parts.Time, () =>
        {
            if (how.IsTable) terminal.NextPage(isFirst);
            else if (how.Format == ListFormat.Yaml && !isFirst) terminal.Out.WriteLine("---");
            else if (how.Format == ListFormat.JsonPath && !isFirst) terminal.Out.WriteLine();
            isFirst = false;
            return AskAsync(instance, answer, cancellationToken);
        }, cancellationToken, endsWithFailure: false);
    }

    /// <summary>
    /// Follows an agent until the token ends it, also over restarts of the agent: while it is away, which is said once, it is looked for
    /// again and again.
    /// </summary>
    /// <param name="first">Answers now; the caller disposes it.</param>
    /// <param name="follow">Asks on and on; throws when the agent does not answer.</param>
    public async Task<int> FollowAsync(
        InstanceOptions instance, IInstanceView first, Func<IInstanceView, Task> follow, CancellationToken cancellationToken)
    {
        try
        {
            await UntilAwayAsync(instance, first, follow, cancellationToken);
            while (true)
            {
                await parts.Time.DelayAsync(LookAgain, cancellationToken);
                if (await parts.Finder.FindAgentAsync(instance, cancellationToken) is not { } view) continue;
                using var connection = view as IDisposable;
                await terminal.Error.WriteLineAsync($"the agent of instance '{instance.Name}' is back");
                await UntilAwayAsync(instance, view, follow, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Interrupted, as it is meant to be.
            return ExitCode.Ok;
        }
    }

    private async Task UntilAwayAsync(
        InstanceOptions instance, IInstanceView view, Func<IInstanceView, Task> follow, CancellationToken cancellationToken)
    {
        try
        {
            await follow(view);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await terminal.Out.FlushAsync(cancellationToken);
            await terminal.Error.WriteLineAsync($"the agent of instance '{instance.Name}' does not answer; waiting for it ({e.Message})");
        }
    }

    /// <summary>A report in a form for programs.</summary>
    public void Write<T>(T report, JsonTypeInfo<T> type, OutputView how)
    {
        if (how.Form.Path is { } path) path.Write(JsonSerializer.SerializeToElement(report, type), terminal.Out);
        else if (how.Format == ListFormat.Yaml) terminal.Out.Write(YamlText.Of(report, type));
        else WriteJson(report, type);
        terminal.Out.Flush();
    }

    /// <summary>One report of several that follow each other: JSON on a line of its own, so that it can be read as it comes.</summary>
    public void WriteNext<T>(T report, JsonTypeInfo<T> type, OutputView how)
    {
        if (how.Format == ListFormat.Json) terminal.Out.WriteLine(PlainJson.Text(report, type));
        else if (how.Format == ListFormat.Yaml) terminal.Out.Write($"---\n{YamlText.Of(report, type)}");
        else how.Form.Path!.Write(JsonSerializer.SerializeToElement(report, type), terminal.Out);
    }

    public void WriteJson<T>(T report, JsonTypeInfo<T> type) => terminal.Out.WriteLine(PlainJson.Text(report, type));

    /// <summary>Says that names are missing because no agent answered.</summary>
    public void NoteOrigin(string origin)
    {
        if (origin == Origin.Maps) terminal.Error.WriteLine("no agent answers: read from the pinned maps, which hold no names");
    }

    /// <summary>Lines below a table about what does not work, as many as a person reads.</summary>
    public void WriteReasons(string heading, IReadOnlyList<string> lines, int most, Tone tone = Tone.Warning)
    {
        if (lines.Count == 0) return;
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"{heading}:");
        foreach (var line in lines.Take(most)) terminal.WriteLine($"  - {line}", tone);
        if (lines.Count > most) terminal.Out.WriteLine($"  and {lines.Count - most} more (all of them: -o json)");
    }

    private static string NotRoot(string what) => $"{what}: the control socket, the maps and the programs belong to root; run as root";
}
