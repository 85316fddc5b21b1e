using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>
/// Runs a host to its end. The Generic Host takes a service that throws for a reason to stop in good order, and a supervisor would not
/// restart the process: here that is a failure with a stack trace.
/// </summary>
internal static class HostRun
{
    /// <summary>Returns whether the host ended because it was told to. It is disposed then.</summary>
    public static async Task<bool> RunAsync(IHost host, ILogger logger, CancellationToken cancellationToken)
    {
        var services = host.Services.GetServices<IHostedService>().ToList();
        var isGood = true;
        try
        {
            await host.RunAsync(cancellationToken);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            Log.PartFailed(logger, e, "host");
            isGood = false;
        }
        foreach (var service in services.OfType<BackgroundService>())
        {
            if (service.ExecuteTask is not { IsFaulted: true, Exception: { } fault }) continue;
            Log.PartFailed(logger, fault.GetBaseException(), service.GetType().Name);
            isGood = false;
        }
        return isGood;
    }
}
