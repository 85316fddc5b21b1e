using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// Connects as the HTTP handler would by itself, but in two steps: when the time for a connection is over, it is known whether the
/// name servers were silent or the server was.
/// </summary>
internal static class ServerConnector
{
    /// <param name="resolve">Finds the addresses of a host; an address is its own.</param>
    /// <exception cref="UnresolvedNameException">No addresses, or none before the token was cancelled.</exception>
    public static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint server, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(server.Host, resolve, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, server.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(
        string host, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellationToken)
    {
        try
        {
            return await resolve(host, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            throw new UnresolvedNameException(host, e);
        }
    }
}
