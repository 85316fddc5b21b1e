using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace EbpfLb.Http.ServiceHealth;

/// <summary>
/// A socket that is listened on, and the connections that came by it: they end with it, as clients keep theirs open between probes.
/// </summary>
/// <param name="owner">What requests of its connections are for.</param>
internal sealed class ListeningPort(Socket socket, object owner) : IDisposable
{
    private readonly Lock gate = new();
    private readonly HashSet<ConnectionContext> connections = [];
    private bool isClosed;

    public object Owner => owner;

    public bool IsOpen
    {
        get
        {
            lock (gate) return !isClosed;
        }
    }

    /// <summary>A connection came; it may come too late.</summary>
    public void Add(ConnectionContext connection)
    {
        bool isLate;
        lock (gate)
        {
            isLate = isClosed;
            if (!isLate) connections.Add(connection);
        }
        if (isLate) connection.Abort();
        else connection.ConnectionClosed.UnsafeRegister(_ => Remove(connection), null);
    }

    public void Dispose()
    {
        ConnectionContext[] open;
        lock (gate)
        {
            isClosed = true;
            open = [.. connections];
            connections.Clear();
        }
        socket.Dispose();
        foreach (var connection in open) End(connection);
    }

    /// <summary>In good order where Kestrel has it already: an answer that is being written goes out, and no reset follows.</summary>
    private static void End(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } kestrel) kestrel.RequestClose();
        else connection.Abort();
    }

    private void Remove(ConnectionContext connection)
    {
        lock (gate) connections.Remove(connection);
    }
}
