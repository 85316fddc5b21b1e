using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using EbpfLb.Timing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http.ServiceHealth;

/// <summary>
/// Lets one Kestrel serve any number of ports that come and go: the sockets are ours, Kestrel gets the connections. A port costs 3 KiB so,
/// where a Kestrel of its own costs many times that; and one Kestrel by itself has all its endpoints from its start on.
/// </summary>
internal sealed class SharedTransport : IConnectionListenerFactory, IConnectionListener
{
    /// <summary>Probes of load balancers come seconds apart.</summary>
    private const int Backlog = 128;

    /// <summary>After an error that will not go away at once, such as too many open files.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private static readonly object OriginItem = new();

    private readonly Channel<ConnectionContext> accepted = Channel.CreateUnbounded<ConnectionContext>();
    private readonly SocketConnectionContextFactory connections;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    public SharedTransport(TimeProvider time, ILoggerFactory loggers)
    {
        this.time = time;
        logger = loggers.CreateLogger<SharedTransport>();
        connections = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions { IOQueueCount = 0 }, logger);
    }

    /// <summary>No place: those that are listened on change.</summary>
    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.None, 1);

    /// <summary>Who a request is for; null: for nobody any more, as the socket that its connection came by was closed.</summary>
    public static object? OwnerOf(HttpContext context)
        => context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(OriginItem, out var origin) == true
            && origin is ListeningPort { IsOpen: true } open
            ? open.Owner
            : null;

    /// <summary>Listens until the port is disposed.</summary>
    /// <param name="owner">What requests of its connections are for.</param>
    /// <exception cref="SocketException">The address is in use, not of this machine, or may not be used.</exception>
    public ListeningPort Listen(IPEndPoint endpoint, object owner)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Without this an IPv6 socket of one address would also take the IPv4 port, which may be another socket's.
            if (endpoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(endpoint);
            socket.Listen(Backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var port = new ListeningPort(socket, owner);
        _ = new SupervisedLoop("health check port accept", _ => AcceptAsync(socket, port), time, logger).RunAsync(CancellationToken.None);
        return port;
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    async ValueTask<ConnectionContext?> IConnectionListener.AcceptAsync(CancellationToken cancellationToken)
    {
        while (await accepted.Reader.WaitToReadAsync(cancellationToken))
            if (accepted.Reader.TryRead(out var connection)) return connection;
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        accepted.Writer.TryComplete();
        while (accepted.Reader.TryRead(out var connection)) await connection.DisposeAsync();
        connections.Dispose();
    }

    private async Task AcceptAsync(Socket socket, ListeningPort port)
    {
        while (port.IsOpen)
        {
            Socket client;
            try
            {
                client = await socket.AcceptAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException || !port.IsOpen)
            {
                return;
            }
            catch (SocketException)
            {
                await time.DelayAsync(AcceptPause, CancellationToken.None);
                continue;
            }
            await HandOverAsync(client, port);
        }
    }

    private async Task HandOverAsync(Socket client, ListeningPort port)
    {
        try
        {
            client.NoDelay = true;
            var connection = connections.Create(client);
            connection.Items[OriginItem] = port;
            port.Add(connection);
            if (!accepted.Writer.TryWrite(connection)) await connection.DisposeAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone already, which is its own affair: nobody else waits for it.
            client.Dispose();
        }
    }
}
