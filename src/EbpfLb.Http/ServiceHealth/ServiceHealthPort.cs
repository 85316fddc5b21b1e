using System.Net;
using System.Net.Sockets;
using EbpfLb.Model;

namespace EbpfLb.Http.ServiceHealth;

/// <summary>The health check port of one Service: its sockets, and what it tells. The server guards it, but for the count.</summary>
internal sealed class ServiceHealthPort(ObjectName service, ushort port, SharedTransport transport) : IDisposable
{
    private readonly Dictionary<IPAddress, ListeningPort> sockets = [];
    private volatile int localEndpoints;

    public ObjectName Service => service;

    public ushort Port => port;

    /// <summary>Every address that it shall answer on is listened on.</summary>
    public bool IsOpen => Problem is null;

    /// <summary>Why it is not open, and what to do; null: it is.</summary>
    public string? Problem { get; private set; } = "not tried yet";

    /// <summary>0 until the endpoints of the Service are programmed.</summary>
    public int LocalEndpoints
    {
        get => localEndpoints;
        set => localEndpoints = value;
    }

    /// <summary>Listens on these addresses and no others, on all of them or on none.</summary>
    public void Follow(IReadOnlyList<IPAddress> addresses)
    {
        var why = Listen(addresses) ?? (addresses.Count == 0 ? "no address of this node is among the NodePort addresses" : null);
        Problem = why is null ? null
            : $"healthCheckNodePort {port} cannot be listened on: {why}; load balancers take this node for "
                + "one without endpoints. Stop what uses the port, or give the Service another";
    }

    public void Dispose()
    {
        foreach (var address in sockets.Keys.ToList()) Close(address);
        Problem = "closed";
    }

    private string? Listen(IReadOnlyList<IPAddress> addresses)
    {
        foreach (var gone in sockets.Keys.Except(addresses).ToList()) Close(gone);
        foreach (var address in addresses.Where(a => !sockets.ContainsKey(a)))
        {
            try
            {
                sockets[address] = transport.Listen(new IPEndPoint(address, port), this);
            }
            catch (SocketException e)
            {
                Dispose();
                return $"{new IPEndPoint(address, port)}: {e.Message}";
            }
        }
        return null;
    }

    private void Close(IPAddress address)
    {
        if (sockets.Remove(address, out var socket)) socket.Dispose();
    }
}
