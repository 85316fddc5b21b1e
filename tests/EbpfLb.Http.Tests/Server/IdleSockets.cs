using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Http.Tests.Server;

/// <summary>Connections that ask for nothing, or only begin to.</summary>
internal sealed class IdleSockets : IDisposable
{
    private readonly List<Socket> sockets = [];

    public int Count => sockets.Count;

    /// <param name="from">The addresses to come from, in turn.</param>
    /// <param name="head">What each sends; empty: nothing.</param>
    public async Task OpenAsync(int count, int port, IReadOnlyList<IPAddress> from, string head = "")
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            socket.Bind(new IPEndPoint(from[i % from.Count], 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            if (head.Length > 0) await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends when the server has closed all of them.</summary>
    public async Task UntilClosedAsync()
    {
        var buffer = new byte[4096];
        foreach (var socket in sockets)
        {
            try
            {
                while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) > 0)
                {
                    // 408 for a request that never came.
                }
            }
            catch (SocketException)
            {
                // A reset is an end too.
            }
        }
    }

    public void Dispose()
    {
        foreach (var socket in sockets) socket.Dispose();
    }
}
