using EbpfLb.Agent.Options;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Verification;

/// <summary>Verifies at its period; the source less often, and not on all nodes at once.</summary>
internal sealed class VerifyService(Verifier verifier, VerifyOptions options, Random random, TimeProvider time, ILogger logger)
    : SupervisedService("verify", time, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (options.Period <= TimeSpan.Zero) return;
        var sourceDue = new Deadline(Time, Jittered(options.SourcePeriod));
        while (true)
        {
            await Time.DelayAsync(Jittered(options.Period), stoppingToken);
            try
            {
                var withSource = sourceDue.HasPassed;
                await verifier.RunAsync(withSource, repair: true, stoppingToken);
                if (withSource) sourceDue = new Deadline(Time, Jittered(options.SourcePeriod));
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                Log.VerifyFailed(Logger, e);
            }
        }
    }

    /// <summary>From nine tenths to eleven tenths.</summary>
    private TimeSpan Jittered(TimeSpan period) => period * (0.9 + 0.2 * random.NextDouble());
}
