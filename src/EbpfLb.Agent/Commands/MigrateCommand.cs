using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Migration;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Bpf;
using EbpfLb.Netlink;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb migrate`: removes kube-proxy's rules from a node that EbpfLb serves, and puts them back.</summary>
internal sealed class MigrateCommand(AgentParts parts, CommandContext context)
{
    private readonly Terminal terminal = context.Terminal;

    public Command Create() => new("migrate", "Removes what kube-proxy left on this node, without breaking connections, and puts it back")
    {
        Create("plan", "Shows what is there of kube-proxy, what `run` would do, and what would stop it; changes nothing", PlanAsync,
            hasFormat: true),
        Create("run", "Saves kube-proxy's rules and removes them; nothing of others", RunAsync),
        Create("rollback", "Puts back what `run` removed", (o, _) => Task.FromResult(Rollback(o))),
    };

    private Command Create(
        string name, string description, Func<MigrateOptions, CancellationToken, Task<int>> execute, bool hasFormat = false)
    {
        var instance = context.NewInstanceOptions();
        var output = OutputOptionSet.ForReport();
        var directory = new Option<string>("--state-dir")
        {
            HelpName = "DIR", Description = $"Where removed rules are saved (default: {SavedRules.DefaultDirectory})",
        };
        var command = new Command(name, description);
        instance.AddTo(command);
        command.Options.Add(directory);
        if (hasFormat) output.AddTo(command);
        command.SetAction((result, token) => GuardAsync($"cannot {name}", () => execute(
            new MigrateOptions(instance.Read(result), new SavedRules(result.GetValue(directory) ?? SavedRules.DefaultDirectory),
                output.Read(result)), token)));
        return command;
    }

    private async Task<int> GuardAsync(string what, Func<Task<int>> execute)
    {
        if (!parts.IsRoot)
        {
            terminal.Error.WriteLine($"{what}: rules belong to root; run as root");
            return ExitCode.Failed;
        }
        try
        {
            return await execute();
        }
        catch (Exception e) when (e is MigrationException or BpfException or NetlinkException or HttpRequestException or IOException
            or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"{what}: {e.Message}");
            terminal.Error.WriteLine(
                "Correct that and run it again: what was done is left as it is. `ebpflb migrate rollback` puts back what was removed.");
            return ExitCode.Failed;
        }
    }

    private async Task<int> PlanAsync(MigrateOptions options, CancellationToken cancellationToken)
    {
        var report = MigrationPlan.Of(NodeSurvey.Read(), await AgentAsync(options, cancellationToken), options.Saved);
        if (options.How.IsReport) context.Write(report, ControlJson.Default.MigrationReport, options.How);
        else new MigrationText(terminal).Write(report);
        return report.Stops.Count == 0 ? ExitCode.Ok : ExitCode.NotReady;
    }

    private async Task<int> RunAsync(MigrateOptions options, CancellationToken cancellationToken)
    {
        var (survey, agent) = (NodeSurvey.Read(), await AgentAsync(options, cancellationToken));
        var report = MigrationPlan.Of(survey, agent, options.Saved);
        if (report.Stops.Count > 0)
        {
            terminal.Error.WriteLine("nothing was changed:");
            foreach (var stop in report.Stops) terminal.Error.WriteLine($"  - {stop}");
            return ExitCode.NotReady;
        }
        var run = new MigrationRun(options.Saved, terminal.Out.WriteLine);
        if (survey.IsClean) return Finish(run, survey, report, options);
        run.Remove(survey);
        var after = NodeSurvey.Read();
        return Finish(run, after, MigrationPlan.Of(after, agent, options.Saved), options);
    }

    private int Finish(MigrationRun run, Survey survey, MigrationReport report, MigrateOptions options)
    {
        foreach (var kept in report.Tables.SelectMany(t => t.Kept.Select(k => $"{t.By}, {t.Family}, {t.Table}: left {k}")))
            terminal.Out.WriteLine(kept);
        foreach (var what in report.NotLookedAt) terminal.Out.WriteLine($"not looked at: {what}");
        if (!survey.IsClean || survey.Unreadable.Count > 0)
            throw new MigrationException("rules of kube-proxy are there again; somebody writes them: see `ebpflb migrate plan`");
        if (Directory.Exists(options.Saved.Directory)) run.End();
        if (report.Connections is { Tcp: 0, Udp: 0, Other: 0 } && MigrationPlan.Holds(survey).Any())
        {
            MigrationRun.Release(survey);
            terminal.Out.WriteLine("removed what held nf_conntrack: no connection needs it any more");
        }
        terminal.Out.WriteLine("nothing of kube-proxy's rules is left to remove");
        if (report.Connections is { } count && count.Tcp + count.Udp + count.Other > 0)
            terminal.Out.WriteLine($"{MigrationText.Of(count)} go on to their end; run this again when they have ended");
        return ExitCode.Ok;
    }

    private int Rollback(MigrateOptions options)
    {
        if (KubeProxyProcess.Find() is [var process, ..])
        {
            terminal.Error.WriteLine($"nothing was changed: kube-proxy runs (process {process.Pid}) and writes its rules itself");
            return ExitCode.NotReady;
        }
        var count = new MigrationRun(options.Saved, terminal.Out.WriteLine).PutBack();
        if (count == 0)
        {
            terminal.Out.WriteLine($"nothing is saved in {options.Saved.Directory}");
            return ExitCode.Ok;
        }
        terminal.Out.WriteLine("Next: start kube-proxy again (undo what ended it), as nothing follows changes of Services in these rules; "
            + "when it is ready, delete the DaemonSet of EbpfLb and run `ebpflb cleanup`");
        return ExitCode.Ok;
    }

    private async Task<AgentCheck> AgentAsync(MigrateOptions options, CancellationToken cancellationToken)
    {
        var view = await parts.Finder.FindAsync(options.Instance, cancellationToken);
        var agent = await AgentCheck.OfAsync(view, options.Instance.Name, cancellationToken);
        return agent with { Warnings = [.. agent.Warnings, .. await FirewallWarnings.ReadAsync(view, cancellationToken)] };
    }

    private sealed record MigrateOptions(InstanceOptions Instance, SavedRules Saved, OutputView How);
}
