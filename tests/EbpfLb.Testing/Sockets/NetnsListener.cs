using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Testing.Sockets;

/// <summary>
/// Sockets of this process inside a namespace. They belong to the cgroup of the test process, so an agent's hooks leave them alone.
/// </summary>
public static class NetnsListener
{
    /// <summary>
    /// A listening TCP socket inside the namespace, for instance for Kestrel's ListenHandle, so that a server of the test process is
    /// reachable for what runs in there; without one, where the test runs. The caller disposes it.
    /// </summary>
    public static Socket Listen(string? netnsPath, IPEndPoint endpoint)
        => netnsPath is null ? Listen(endpoint) : NetnsThread.Run(netnsPath, () => Listen(endpoint));

    private static Socket Listen(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(endpoint);
        socket.Listen(512);
        return socket;
    }

    /// <summary>An HTTP client whose connections start inside the namespace.</summary>
    public static HttpClient HttpClient(string netnsPath) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var address = IPAddress.Parse(context.DnsEndPoint.Host.Trim('[', ']'));
            var socket = NetnsThread.Run(netnsPath, () => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };
}
