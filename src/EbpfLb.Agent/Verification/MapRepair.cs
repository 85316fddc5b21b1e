using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Verification;

/// <summary>Has the maps repaired at once when something is known to be wrong with them, beside the pipeline that asks for it.</summary>
internal sealed class MapRepair(Verifier verifier, ILogger logger)
{
    private int isRunning;

    /// <summary>Does nothing while it runs already.</summary>
    public void Begin()
    {
        if (Interlocked.Exchange(ref isRunning, 1) == 0) _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        try
        {
            await verifier.RepairAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.VerifyFailed(logger, e);
        }
        finally
        {
            Volatile.Write(ref isRunning, 0);
        }
    }
}
