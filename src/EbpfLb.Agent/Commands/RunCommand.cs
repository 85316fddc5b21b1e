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
using EbpfLb.Model;
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
            var config = request.Load();
            if (request.WriteConfigTo is { } file) return WriteConfig(config, file);
            var options = new AgentOptions(
                config, StartOptions.Of(config) with { ConfigPath = request.ConfigPath, Flags = request.Flags });
            if (request.Cleanup) return new CleanupCommand(parts, terminal).Execute(options.Start.Instance, all: false, force: false);
            if (request.InitOnly) return Prepare(options);
            return await RunAsync(request, options, cancellationToken);
        }
        catch (ConfigException e)
        {
            foreach (var warning in e.Warnings) WriteEarly(LogLevel.Warning, $"warning: {warning}");
            WriteEarly(LogLevel.Error, e.Message);
            return ExitCode.Failed;
        }
    }

    private async Task<int> RunAsync(RunRequest request, AgentOptions options, CancellationToken cancellationToken)
    {
        var (start, level) = (options.Start, options.Live(o => o.Verbosity));
        var verbosity = new Verbosity(level());
        options.Subscribe(Follow(level, verbosity));
        // Standard output is for answers; the log goes where logs go.
        var format = FormatFor(start.LogFormat);
        using var lines = AgentLogging.Queue(terminal.Error, format, parts.Time);
        using var loggers = AgentLogging.Create(lines, format, verbosity, parts.Time, new RepeatLimiter(parts.Time));
        var logger = loggers.CreateLogger<RunCommand>();
        try
        {
            LogConfig(logger, request, options.Config);
            if (request.SetsOomScore && parts.SetOomScore(start.OomScoreAdj) is { } problem)
                Log.OomScoreNotSet(logger, start.OomScoreAdj, problem);
            using var owned = await parts.TakeOwnership(options, logger, cancellationToken);
            using var mine = TakeInstance(start.Instance);
            var source = parts.OpenSource(options, loggers);
            using var disposable = source as IDisposable;
            Log.Starting(
                logger, VersionCommand.Version, start.Instance.Name, start.NodeName, source.Status.Description, Environment.ProcessId);
            await using var early = new EarlySource(source);
            await using var dataplane = parts.OpenDataplane(options, loggers);
            FeatureText.Write(logger, dataplane.Diagnostics.Features);
            using var metrics = new MetricRegistry(loggers.CreateLogger<MetricRegistry>());
            var agent = new AgentContext(
                options, request.ConfigPath is null ? null : request.Load, early, dataplane, verbosity, parts.Time, loggers, metrics);
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

    private static LogFormat FormatFor(LogFormat wanted)
        => AgentLogging.For(wanted, Environment.GetEnvironmentVariable("JOURNAL_STREAM"), new FileInfo("/proc/self/fd/2").LinkTarget);

    private void WriteEarly(LogLevel level, string message)
        => terminal.Error.WriteLine(AgentLogging.Early(FormatFor(LogFormat.Text), level, message));

    /// <summary>The file's word counts when it changes: until then that of /debug/flags/v does.</summary>
    private static Action Follow(Func<int> wanted, Verbosity verbosity)
    {
        var last = wanted();
        return () =>
        {
            if (wanted() == last) return;
            verbosity.Level = last = wanted();
        };
    }

    /// <summary>Once, at the start: what of the configuration counts for nothing, and why.</summary>
    private static void LogConfig(ILogger logger, RunRequest request, LoadedConfig config)
    {
        foreach (var warning in config.Warnings) Log.ConfigWarning(logger, warning);
        if (request.IgnoredOptions.Count > 0) Log.OptionsIgnored(logger, string.Join(", ", request.IgnoredOptions));
        var nothing = UnsupportedFields.Fields(config).Concat(UnsupportedFields.Options(request.OldOptions)).ToList();
        if (nothing.Count > 0) Log.ConfigWithoutMeaning(logger, UnsupportedFields.Format(nothing));
    }

    private int WriteConfig(LoadedConfig config, string file)
    {
        try
        {
            File.WriteAllText(file, ConfigYaml.Write(config));
            terminal.Out.WriteLine($"wrote {file}");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"cannot write {file}: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private int Prepare(AgentOptions options)
    {
        var problems = parts.PrepareNode(options);
        foreach (var problem in problems) WriteEarly(LogLevel.Error, problem);
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
                    + $"{instance.LockFile}); stop it first, or choose another {OptionNames.Instance}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"cannot use the run directory {instance.RunDirectory}: {e.Message}; run as root, or choose another "
                    + OptionNames.RunDir, e);
        }
    }
}
