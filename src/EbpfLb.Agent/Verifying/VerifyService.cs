using EbpfLb.Agent.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Verifying;

/// <summary>Verifies at its period; the source less often, and not on all nodes at once.</summary>
internal sealed class VerifyService(Verifier verifier, VerifyOptions options, Random random, TimeProvider time, ILogger logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Period <= TimeSpan.Zero) return;
        var sourceDue = time.GetUtcNow() + Jittered(options.SourcePeriod);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Jittered(options.Period), time, stoppingToken);
                var withSource = time.GetUtcNow() >= sourceDue;
                await verifier.RunAsync(withSource, repair: true, stoppingToken);
                if (withSource) sourceDue = time.GetUtcNow() + Jittered(options.SourcePeriod);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Log.VerifyFailed(logger, e.Message);
            }
        }
    }

    /// <summary>From nine tenths to eleven tenths.</summary>
    private TimeSpan Jittered(TimeSpan period) => period * (0.9 + 0.2 * random.NextDouble());
}
