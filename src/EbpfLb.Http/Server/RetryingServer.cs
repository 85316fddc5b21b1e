using System.Net;
using System.Net.Sockets;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http.Server;

/// <summary>
/// Serves one address for as long as the agent runs. A failure to bind is logged with what to do and tried again every
/// <see cref="RetryPeriod"/>, as kube-proxy does without bindAddressHardFail (docs/contract.md 10).
/// </summary>
/// <param name="name">For logs: "health" or "metrics".</param>
/// <param name="option">The option that changes the address, named in the log.</param>
/// <param name="failed">Told each time that binding failed, with a sentence for people.</param>
public sealed class RetryingServer(
    string name, string option, IPEndPoint endpoint, RouteTable routes, TimeProvider time, ILoggerFactory loggers,
    Action<string>? failed = null)
    : SupervisedService($"{name} server", time, loggers.CreateLogger<RetryingServer>())
{
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(5);

    /// <summary>Of its health and its metrics; the agent's are the same.</summary>
    private static readonly int[] KubeProxyPorts = [10256, 10249];

    private readonly TaskCompletionSource<int> bound = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The port, once it is listened on.</summary>
    public Task<int> Bound => bound.Task;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await using var listener = await BindAsync(stoppingToken);
            Log.Listening(Logger, name, endpoint.Address, listener.Port);
            bound.TrySetResult(listener.Port);
            await Time.DelayAsync(Timeout.InfiniteTimeSpan, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            bound.TrySetCanceled(stoppingToken);
            throw;
        }
    }

    private async Task<KestrelListener> BindAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await KestrelListener.StartAsync(OfBothFamilies(endpoint), routes, loggers, stoppingToken);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                var why = e.Message.TrimEnd('.') + (KubeProxyPorts.Contains(endpoint.Port) ? " (kube-proxy's port, if it runs here)" : "");
                Log.CannotListen(Logger, name, endpoint, why, RetryPeriod.TotalSeconds, option);
                failed?.Invoke($"the {name} server cannot listen on {endpoint}: {why}; stop what "
                    + $"uses the address, or choose another with {option}");
            }
            await Time.DelayAsync(RetryPeriod, stoppingToken);
        }
    }

    /// <summary>
    /// 0.0.0.0 is every address of both families, as for kube-proxy: net.Listen("tcp") of Go. Its default would have no IPv6 else.
    /// </summary>
    private static IPEndPoint OfBothFamilies(IPEndPoint endpoint)
        => endpoint.Address.Equals(IPAddress.Any) && Socket.OSSupportsIPv6 ? new IPEndPoint(IPAddress.IPv6Any, endpoint.Port) : endpoint;
}
