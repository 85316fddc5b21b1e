using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Commands.History;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Commands.Monitor;
using EbpfLb.Agent.Commands.Reference;
using EbpfLb.Agent.Commands.Sysdump;
using EbpfLb.Agent.Commands.Top;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>The command line: which commands there are, and what they take.</summary>
internal sealed class CommandLine(AgentParts parts, Terminal terminal)
{
    private readonly CommandContext context = new(parts, terminal);

    /// <summary>Runs what the arguments say; the result is an <see cref="ExitCode"/>.</summary>
    public async Task<int> InvokeAsync(string[] args, CancellationToken cancellationToken = default)
    {
        var result = Parse(args);
        if (result.Errors.Count > 0 && result.Action is not HelpExamples)
        {
            foreach (var message in UsageErrors.Of(result)) await terminal.Error.WriteLineAsync(message);
            await terminal.Error.WriteLineAsync($"See `{HelpCommand(result)}`.");
            return ExitCode.Usage;
        }
        // Signals are the host's: without a termination time-out the parser leaves them alone.
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out, Error = terminal.Error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false,
        };
        return await result.InvokeAsync(configuration, cancellationToken);
    }

    internal ParseResult Parse(string[] args) => CreateRoot().Parse(FlagNames.Normalize(args));

    internal RootCommand CreateRoot()
    {
        var root = new RootCommand("Balances the traffic of Kubernetes Services with BPF programs, in place of kube-proxy.")
        {
            CreateRun(), new StatusCommand(context).Create(), new ServicesCommand(context).Create(), new BackendsCommand(context).Create(),
            new ConntrackCommand(context).Create(), new DropsCommand(context).Create(),
            DrainCommand.CreateDrain(context), DrainCommand.CreateUndrain(context),
            new MonitorCommand(context).Create(), new HistoryCommand(context).Create(), CreateExplain(),
            new DoctorCommand(context, parts).Create(), new TopCommand(context, parts.Time).Create(),
            new SysdumpCommand(context, parts).Create(),
            new VerifyCommand(context).Create(), new ConfigCommand(context).Create(),
            new MigrateCommand(parts, context).Create(), CreateCleanup(), CreateVersion(),
            new CompletionCommand(CreateRoot, terminal).Create(),
        };
        foreach (var version in root.Options.OfType<VersionOption>()) version.Action = new VersionAction(terminal);
        foreach (var help in root.Options.OfType<HelpOption>()) help.Action = new HelpExamples((HelpAction)help.Action!, terminal);
        return root;
    }

    private Command CreateRun()
    {
        var options = new RunOptionSet(new InstanceEnvironment(parts.Environment));
        var command = new Command("run", "Runs the agent until SIGTERM. What it programmed stays in force when it ends");
        options.AddTo(command);
        command.SetAction((result, token) => new RunCommand(parts, terminal).ExecuteAsync(options.Read(result), token));
        return command;
    }

    private Command CreateExplain()
    {
        var options = new ExplainOptionSet(context.NewInstanceOptions());
        var command = new Command(
            "explain", $"Says what happens to a connection, and why: on this node, or with {OptionNames.Manifests} on any");
        options.AddTo(command);
        command.SetAction((result, token) => new ExplainCommand(context).ExecuteAsync(options.Read(result), token));
        return command;
    }

    private Command CreateCleanup()
    {
        var instance = context.NewInstanceOptions();
        var all = new Option<bool>("--all-instances")
        {
            Description = "Every instance that is pinned on this machine, or has drains or a history in the run directory",
        };
        var force = new Option<bool>("--force")
        {
            Description = "Also while its agent runs: for one that hangs, as one that works puts all back",
        };
        var command = new Command("cleanup", "Removes everything an instance made: programs, maps, pins and files; and only that");
        instance.AddTo(command);
        command.Options.Add(all);
        command.Options.Add(force);
        command.SetAction(result
            => new CleanupCommand(parts, terminal).Execute(instance.Read(result), result.GetValue(all), result.GetValue(force)));
        return command;
    }

    private Command CreateVersion()
    {
        var format = CreateFormat();
        var command = new Command("version", "Shows the version");
        command.Options.Add(format);
        command.SetAction(result => new VersionCommand(terminal).Execute(result.GetValue(format)));
        return command;
    }

    internal static Option<OutputFormat> CreateFormat()
    {
        var option = CheckedOption.Create("--output", "table|json", "How to answer (default: table)", Choice.Parse<OutputFormat>);
        option.Aliases.Add("-o");
        return option;
    }

    private static string HelpCommand(ParseResult result)
        => $"ebpflb {string.Concat(NamesOf(result.CommandResult).Select(n => n + " "))}--help";

    /// <summary>"conntrack", "list": the commands that were given, without the program itself.</summary>
    private static IEnumerable<string> NamesOf(CommandResult command)
        => command.Parent is CommandResult parent ? NamesOf(parent).Append(command.Command.Name) : [];
}

/// <summary>kube-proxy takes "_" for "-" in the names of its flags, and "--flag=" for an empty value; so do we.</summary>
internal static class FlagNames
{
    public static string[] Normalize(IReadOnlyList<string> args) => [.. args.SelectMany(Normalize)];

    private static string[] Normalize(string arg)
    {
        if (!arg.StartsWith("--", StringComparison.Ordinal)) return [arg];
        var end = arg.IndexOf('=') is var at && at >= 0 ? at : arg.Length;
        var name = arg[..end].Replace('_', '-');
        return end == arg.Length - 1 ? [name, ""] : [name + arg[end..]];
    }
}
