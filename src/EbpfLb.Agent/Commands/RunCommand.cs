using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Reload;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb run`: the agent itself. Ends with SIGTERM or SIGINT and leaves everything in force.</summary>
internal sealed class RunCommand(AgentParts parts, Terminal terminal)
{
    public async Task<int> ExecuteAsync(RunRequest request, CancellationToken cancellationToken)
    {
        if (request.ShowVersion) return new VersionCommand(terminal).Execute(OutputFormat.Table);
        try
        {
            var options = request.Load();
            if (request.WriteConfigTo is { } file) return WriteConfig(options, file);
            if (request.Cleanup) return new CleanupCommand(parts, terminal).Execute(options.Instance, all: false, force: false);
            if (request.InitOnly) return Prepare(options);
            return await RunAsync(request, options, cancellationToken);
        }
        catch (ConfigException e)
        {
            foreach (var warning in e.Warnings) await terminal.Error.WriteLineAsync($"warning: {warning}");
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
    }

    private async Task<int> RunAsync(RunRequest request, RunOptions options, CancellationToken cancellationToken)
    {
        var live = new LiveOptions(options);
        var verbosity = new Verbosity(options.Verbosity);
        live.Subscribe(Follow(live, verbosity));
        // Standard output is for answers; the log goes where logs go.
        using var lines = AgentLogging.Queue(terminal.Error, options.LogFormat, parts.Time);
        using var loggers = AgentLogging.Create(lines, options.LogFormat, verbosity, parts.Time, new RepeatLimiter(parts.Time));
        var logger = loggers.CreateLogger<RunCommand>();
        try
        {
            LogConfig(logger, request, options);
            if (options.SetsOomScore && parts.SetOomScore(options.Config.KubeProxy.OomScoreAdj) is { } problem)
                Log.OomScoreNotSet(logger, options.Config.KubeProxy.OomScoreAdj, problem);
            using var owned = await parts.TakeOwnership(options, logger, cancellationToken);
            using var mine = TakeInstance(options.Instance);
            var source = parts.OpenSource(options, loggers);
            using var disposable = source as IDisposable;
            Log.Starting(
                logger, VersionCommand.Version, options.Instance.Name, options.NodeName, source.Status.Description, Environment.ProcessId);
            await using var early = new EarlySource(source);
            await using var dataplane = parts.OpenDataplane(options, loggers);
            FeatureText.Write(logger, dataplane.Diagnostics.Features);
            using var metrics = new MetricRegistry(loggers.CreateLogger<MetricRegistry>());
            var agent = new AgentContext(
                live, request.ConfigPath is null ? null : request.Load, early, dataplane, verbosity, parts.Time, loggers, metrics);
            return await new AgentHost(agent).RunAsync(cancellationToken) ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end while it waited for another to end.
            return ExitCode.Ok;
        }
        catch (StartException e)
        {
            Log.CannotStart(logger, e.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>The file's word counts when it changes: until then that of /debug/flags/v does.</summary>
    private static Action Follow(LiveOptions live, Verbosity verbosity)
    {
        var last = live.Current.Verbosity;
        return () =>
        {
            if (live.Current.Verbosity == last) return;
            verbosity.Level = last = live.Current.Verbosity;
        };
    }

    /// <summary>Once, at the start: what of the configuration counts for nothing, and why.</summary>
    private static void LogConfig(ILogger logger, RunRequest request, RunOptions options)
    {
        foreach (var warning in options.Config.Warnings) Log.ConfigWarning(logger, warning);
        if (request.IgnoredOptions.Count > 0) Log.OptionsIgnored(logger, string.Join(", ", request.IgnoredOptions));
        var nothing = UnsupportedFields.Fields(options.Config).Concat(UnsupportedFields.Options(request.OldOptions)).ToList();
        if (nothing.Count > 0) Log.ConfigWithoutMeaning(logger, UnsupportedFields.Format(nothing));
    }

    private int WriteConfig(RunOptions options, string file)
    {
        try
        {
            File.WriteAllText(file, ConfigYaml.Write(options.Config));
            terminal.Out.WriteLine($"wrote {file}");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"cannot write {file}: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private int Prepare(RunOptions options)
    {
        var problems = parts.PrepareNode(options);
        foreach (var problem in problems) terminal.Error.WriteLine(problem);
        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static InstanceLock TakeInstance(InstanceOptions instance)
    {
        try
        {
            // Only for a new directory: who made it before chose who may look in.
            if (!Directory.Exists(instance.RunDirectory))
                Directory.CreateDirectory(instance.RunDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return InstanceLock.TryTake(instance.LockFile)
                ?? throw new StartException($"an agent of instance '{instance.Name}' runs already (it holds "
                    + $"{instance.LockFile}); stop it first, or choose another --instance");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"cannot use the run directory {instance.RunDirectory}: {e.Message}; run as root, or choose another --run-dir", e);
        }
    }
}
