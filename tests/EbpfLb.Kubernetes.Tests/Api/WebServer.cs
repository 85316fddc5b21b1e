using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EbpfLb.Kubernetes.Tests.Api;

/// <summary>A web server that answers each request with 200 and the same text, over a connection each.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task serving;
    private readonly string contentType;
    private readonly byte[] body;

    /// <param name="contentType">"": none is named.</param>
    public WebServer(string contentType, string body)
    {
        this.contentType = contentType;
        this.body = Encoding.UTF8.GetBytes(body);
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    /// <summary>The text is sent again and again, until the client ends the connection.</summary>
    public bool IsEndless { get; init; }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // Whatever is asked.
            }
            var type = contentType.Length == 0 ? "" : $"content-type: {contentType}\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nconnection: close\r\n{type}\r\n"));
            do await stream.WriteAsync(body); while (IsEndless);
        }
        catch (IOException)
        {
            // The client has read enough.
        }
    }
}
