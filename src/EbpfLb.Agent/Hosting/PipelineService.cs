using EbpfLb.Agent.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>
/// Runs both ends of the pipeline. If one ends by itself the process is useless and ends too, so that its supervisor restarts it.
/// </summary>
internal sealed class PipelineService(SourceReader reader, SyncLoop loop, IHostApplicationLifetime lifetime, ILogger logger)
    : BackgroundService
{
    /// <summary>An end of the pipeline ended by itself.</summary>
    public bool Failed { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(
            GuardAsync("source", reader.RunAsync, stoppingToken),
            GuardAsync("sync", loop.RunAsync, stoppingToken));
        if (!stoppingToken.IsCancellationRequested) End();
    }

    private async Task GuardAsync(string part, Func<CancellationToken, Task> run, CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.PartFailed(logger, e, part);
            End();
        }
    }

    private void End()
    {
        Failed = true;
        lifetime.StopApplication();
    }
}
