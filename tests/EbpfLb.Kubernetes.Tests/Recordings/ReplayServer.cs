using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EbpfLb.Kubernetes.Tests.Recordings;

/// <summary>
/// Answers each request with the next recording, byte for byte, over HTTP/1.1 and a connection each. No HTTP library on
/// this side, so that nothing is made prettier than it was.
/// </summary>
internal sealed class ReplayServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Queue<Recording> answers;
    private readonly List<string> requests = [];

    public ReplayServer(params string[] recordings)
    {
        answers = new(recordings.Select(Recording.Load));
        listener.Start();
        _ = ServeAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    /// <summary>Request targets, decoded.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (requests) return [.. requests];
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task ServeAsync()
    {
        while (answers.TryDequeue(out var answer))
        {
            using var client = await listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            var request = await reader.ReadLineAsync() ?? "";
            lock (requests) requests.Add(Uri.UnescapeDataString(request.Split(' ')[1]));
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // Headers of the request do not matter here.
            }
            var head = new StringBuilder($"HTTP/1.1 {answer.Code} Recorded\r\nconnection: close\r\n");
            foreach (var (name, value) in answer.Headers) head.Append($"{name}: {value}\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
            // A content-length of the recording holds; without one the end of the connection is the end of the body.
            var length = answer.Headers.TryGetValue("content-length", out var text) ? int.Parse(text) : answer.Body.Length;
            await stream.WriteAsync(answer.Body.AsMemory(0, Math.Min(length, answer.Body.Length)));
        }
    }
}
