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
        catch (Exception e)
        {
            // Also without memory, of which a line of the log takes some: the other end alone would wait for ever.
            try
            {
                Log.PartFailed(logger, e, part);
            }
            finally
            {
                End();
            }
        }
    }

    private void End()
    {
        Failed = true;
        lifetime.StopApplication();
    }
}
