using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb run`: the agent itself. Ends with SIGTERM or SIGINT and leaves everything in force.</summary>
internal sealed class RunCommand(AgentParts parts, Terminal terminal)
{
    public async Task<int> ExecuteAsync(RunOptions options, CancellationToken cancellationToken)
    {
        // Standard output is for answers; the log goes where logs go.
        var verbosity = new Verbosity(options.Verbosity);
        using var loggers = AgentLogging.Create(terminal.Error, options.LogFormat, verbosity, parts.Time);
        var logger = loggers.CreateLogger<RunCommand>();
        try
        {
            using var mine = TakeInstance(options.Instance);
            var source = parts.OpenSource(options, loggers);
            using var disposable = source as IDisposable;
            Log.Starting(logger, VersionCommand.Version, options.Instance.Name, options.NodeName, source.Status.Description, Environment.ProcessId);
            await using var dataplane = parts.OpenDataplane(options, loggers);
            LogFeatures(logger, dataplane);
            using var host = new AgentHost(options, source, dataplane, dataplane as INodeKernel, verbosity, parts.Time, loggers);
            return await host.RunAsync(cancellationToken) ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (StartException e)
        {
            Log.CannotStart(logger, e.Message);
            return ExitCode.Failed;
        }
    }

    private static InstanceLock TakeInstance(InstanceOptions instance)
    {
        try
        {
            // Only for a new directory: who made it before chose who may look in.
            if (!Directory.Exists(instance.RunDirectory))
                Directory.CreateDirectory(instance.RunDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return InstanceLock.TryTake(instance.LockFile)
                ?? throw new StartException($"an agent of instance '{instance.Name}' runs already (it holds {instance.LockFile}); stop it first, or choose another --instance");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"cannot use the run directory {instance.RunDirectory}: {e.Message}; run as root, or choose another --run-dir", e);
        }
    }

    private static void LogFeatures(ILogger logger, IDataplane dataplane)
    {
        Log.KernelFeatures(logger, string.Join(',', dataplane.Features.Where(f => f.IsAvailable).Select(f => f.Name)));
        foreach (var feature in dataplane.Features.Where(f => !f.IsAvailable))
            Log.KernelFeatureMissing(logger, feature.Name, feature.Lost, feature.Reason);
    }
}
