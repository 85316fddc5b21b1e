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
    public bool IsOpen { get; private set; }

    /// <summary>0 until the endpoints of the Service are programmed.</summary>
    public int LocalEndpoints
    {
        get => localEndpoints;
        set => localEndpoints = value;
    }

    /// <summary>Listens on these addresses and no others, on all of them or on none.</summary>
    /// <returns>null; or why it did not come to that.</returns>
    public string? Follow(IReadOnlyList<IPAddress> addresses)
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
        IsOpen = addresses.Count > 0;
        return IsOpen ? null : "no address of this node is among the NodePort addresses";
    }

    public void Dispose()
    {
        foreach (var address in sockets.Keys.ToList()) Close(address);
        IsOpen = false;
    }

    private void Close(IPAddress address)
    {
        if (sockets.Remove(address, out var socket)) socket.Dispose();
    }
}
