using System.Net;
using System.Net.Sockets;
using EbpfLb.Http.Server;
using EbpfLb.Model;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EbpfLb.Http.ServiceHealth;

/// <summary>What one Service wants of its health check port.</summary>
public sealed record ServiceHealthCheck(ObjectName Service, ushort Port, int LocalEndpoints);

/// <summary>
/// The health check ports of all Services that have one (docs/contract.md 9): a load balancer asks there which nodes have endpoints. A port
/// that cannot be had is told by an event on the Service and tried again when it is asked for. Thread-safe.
/// </summary>
/// <param name="isProxyHealthy">Whether the data plane is up to date.</param>
/// <param name="limits">null: the usual ones.</param>
public sealed class ServiceHealthServer(Func<bool> isProxyHealthy, IEventRecorder events, TimeProvider time, ILoggerFactory loggers,
    ConnectionLimits? limits = null) : IAsyncDisposable
{
    /// <summary>Load balancers keep connections between probes, which come seconds apart; and there may be very many ports.</summary>
    private static readonly ConnectionLimits Limits = new() { Total = 4096, Idle = TimeSpan.FromSeconds(30) };

    /// <summary>Every address of both families.</summary>
    public static IReadOnlyList<IPAddress> AllAddresses { get; } = Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any]
        : [IPAddress.Any];

    private readonly ILogger logger = loggers.CreateLogger<ServiceHealthServer>();
    private readonly SharedTransport transport = new(time, loggers);
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, ServiceHealthPort> ports = [];
    private IReadOnlyList<IPAddress> addresses = AllAddresses;
    private readonly ConnectionLimiter limiter = new(limits ?? Limits);
    private (KestrelServer Server, HandlerApplication Application)? kestrel;
    private bool isDisposed;

    /// <summary>Ports that could not be had: whose, why, and what to do.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (gate)
                return [.. ports.Values.Where(p => !p.IsOpen).OrderBy(p => p.Service).Select(p => $"Service {p.Service}: {p.Problem}")];
        }
    }

    /// <summary>
    /// Brings the ports to this state, then the counts. Of those that could not be had before only those are tried again that a Service had
    /// until now, see <see cref="Retry"/>.
    /// </summary>
    public void Update(IReadOnlyCollection<ServiceHealthCheck> wanted)
    {
        lock (gate)
        {
            if (isDisposed) return;
            var byName = wanted.ToDictionary(w => w.Service);
            // Those that end first: their number may be another Service's now.
            var ended = ports.Values.Where(p => byName.GetValueOrDefault(p.Service)?.Port != p.Port).ToList();
            foreach (var old in ended) Remove(old);
            var free = ended.Select(p => p.Port).ToHashSet();
            foreach (var check in wanted)
            {
                var isNew = !ports.TryGetValue(check.Service, out var port);
                if (isNew) ports[check.Service] = port = new ServiceHealthPort(check.Service, check.Port, transport);
                if (isNew || (!port!.IsOpen && free.Contains(check.Port))) Open(port!);
            }
            foreach (var check in wanted) ports[check.Service].LocalEndpoints = check.LocalEndpoints;
        }
    }

    /// <summary>Listens on these addresses of the node from now on; ports that could not be had before are tried again.</summary>
    public void Follow(IReadOnlyList<IPAddress> nodeAddresses)
    {
        lock (gate)
        {
            if (isDisposed) return;
            var areOthers = !nodeAddresses.SequenceEqual(addresses);
            addresses = nodeAddresses;
            foreach (var port in ports.Values.Where(p => areOthers || !p.IsOpen)) Open(port);
        }
    }

    /// <summary>Tries the ports again that could not be had.</summary>
    public void Retry()
    {
        lock (gate)
        {
            if (isDisposed) return;
            foreach (var port in ports.Values.Where(p => !p.IsOpen)) Open(port);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (var port in ports.Values) port.Dispose();
            ports.Clear();
        }
        if (kestrel is var (server, application))
        {
            await server.StopAsync(new CancellationToken(canceled: true));
            await application.DrainAsync(time);
            server.Dispose();
        }
        await transport.DisposeAsync();
    }

    private void Remove(ServiceHealthPort port)
    {
        port.Dispose();
        ports.Remove(port.Service);
        Log.ServiceHealthClosed(logger, port.Service, port.Port);
    }

    private void Open(ServiceHealthPort port)
    {
        StartKestrel();
        var wasOpen = port.IsOpen;
        port.Follow(addresses);
        if (port.Problem is not { } problem)
        {
            if (!wasOpen) Log.ServiceHealthOpen(logger, port.Service, port.Port);
            return;
        }
        events.Record(
            new ClusterEvent(EventSubject.Service, port.Service, Warning: true, "FailedToStartServiceHealthcheck", "Listen", problem));
    }

    /// <summary>With the first port: most nodes of most clusters have none.</summary>
    private void StartKestrel()
    {
        if (kestrel is not null) return;
        var options = new KestrelServerOptions { AddServerHeader = false };
        limiter.Apply(options);
        options.Listen(transport.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(limiter.Limit);
        });
        var server = new KestrelServer(Options.Create(options), transport, loggers);
        var application = new HandlerApplication(HandleAsync);
        // Our transport binds nothing: this ends at once.
        server.StartAsync(application, CancellationToken.None).GetAwaiter().GetResult();
        kestrel = (server, application);
    }

    private Task HandleAsync(HttpContext context)
    {
        if (SharedTransport.OwnerOf(context) is ServiceHealthPort port)
            return ServiceHealthAnswer.WriteAsync(context, port.Service, port.LocalEndpoints, isProxyHealthy());
        // The port was closed and the client kept its connection.
        context.Abort();
        return Task.CompletedTask;
    }
}
