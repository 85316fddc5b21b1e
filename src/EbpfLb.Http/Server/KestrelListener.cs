using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EbpfLb.Http.Server;

/// <summary>
/// One Kestrel on one address, for the small answers of a table of routes. Without a web host: no configuration, routing or dependency
/// injection has to start, which keeps the agent's start quick and its memory small.
/// </summary>
public sealed class KestrelListener : IAsyncDisposable
{
    /// <summary>Of a unix socket, which only its owner can connect to.</summary>
    private const int MaxUnixConnections = 256;

    private readonly KestrelServer server;
    private readonly HandlerApplication application;

    private KestrelListener(KestrelServer server, HandlerApplication application)
        => (this.server, this.application) = (server, application);

    /// <summary>The TCP port that is listened on, 0 for a unix socket.</summary>
    public int Port { get; private init; }

    /// <param name="endpoint">An IP endpoint (port 0 takes a free one) or a unix socket's, which only its owner may use (mode
    /// 0600).</param>
    /// <param name="limits">Of a TCP port; null: the usual ones.</param>
    /// <exception cref="ArgumentException">A route is for an owner, and the endpoint is no unix socket.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    /// <exception cref="SocketException">The address is not of this machine, or may not be used.</exception>
    public static async Task<KestrelListener> StartAsync(
        EndPoint endpoint, RouteTable routes, ILoggerFactory loggers, CancellationToken cancellationToken, ConnectionLimits? limits = null)
    {
        if (routes.IsForOwner && endpoint is not UnixDomainSocketEndPoint)
            throw new ArgumentException($"{endpoint} is open to more than its owner, whom a route is for", nameof(endpoint));
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxUnixConnections;
        options.Limits.MaxRequestBodySize = routes.BodyBytes;
        var limiter = endpoint is IPEndPoint ? new ConnectionLimiter(limits ?? ConnectionLimits.Default) : null;
        limiter?.Apply(options);
        options.Listen(endpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (limiter is not null) listen.Use(limiter.Limit);
        });
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions { CreateBoundListenSocket = Bind }), loggers);
        var kestrel = new KestrelServer(Options.Create(options), transport, loggers);
        var application = new HandlerApplication(routes.HandleAsync);
        try
        {
            await kestrel.StartAsync(application, cancellationToken);
        }
        catch
        {
            kestrel.Dispose();
            throw;
        }
        return new KestrelListener(kestrel, application) { Port = BoundPort(kestrel) };
    }

    public async ValueTask DisposeAsync()
    {
        // A client that keeps its connection open must not hold up the end of the process.
        await server.StopAsync(new CancellationToken(canceled: true));
        await application.DrainAsync(TimeProvider.System);
        server.Dispose();
    }

    /// <summary>
    /// A unix socket gets its mode before it listens: until then the kernel lets nobody connect, so there is no moment for others.
    /// </summary>
    private static Socket Bind(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        if (endpoint is not UnixDomainSocketEndPoint) return socket;
        try
        {
            File.SetUnixFileMode(endpoint.ToString()!, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int BoundPort(KestrelServer kestrel)
    {
        var address = kestrel.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        return address is not null && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Port > 0 ? uri.Port : 0;
    }
}
