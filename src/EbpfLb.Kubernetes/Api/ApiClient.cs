using System.Net.Http.Headers;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// KubernetesClient as the transport. Connections and whom they trust are as <see cref="ApiTransport"/> sets them up, time is the caller's,
/// and every answer is handed over unread: the library would read a refusal without a limit of size or time.
/// </summary>
internal sealed class ApiClient : k8s.Kubernetes
{
    /// <param name="server">Any of the cluster's: each request names its own.</param>
    /// <param name="setUp">Sets up the connections.</param>
    public ApiClient(Uri server, Action<SocketsHttpHandler> setUp, Version httpVersion)
        // A CA, a certificate or SkipTlsVerify here would put the library's check of the server in place of ours, and it takes any name.
        : base(new KubernetesClientConfiguration
        {
            Host = server.AbsoluteUri, HttpClientTimeout = Timeout.InfiniteTimeSpan, FirstMessageHandlerSetup = setUp,
        })
        => HttpClient.DefaultRequestVersion = httpVersion;

    /// <summary>Sends a request; the answer may have any code, and its body is still to come.</summary>
    public Task<HttpResponseMessage> SendAsync(
        Uri server, ApiCall call, IReadOnlyDictionary<string, IReadOnlyList<string>> headers, CancellationToken cancellationToken)
        => SendRequest(server.AbsoluteUri.TrimEnd('/') + call.PathAndQuery, call.Method, headers, call.Body!, cancellationToken);

    /// <summary>
    /// As the library's, but for its JSON: that of all 700 kinds would come into the native binary, 16 MB and 23 MiB of memory.
    /// </summary>
    protected override async Task<HttpResponseMessage> SendRequest<T>(
        string relativeUri, HttpMethod method, IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders, T body,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(BaseUri, relativeUri)) { Version = HttpClient.DefaultRequestVersion };
        foreach (var (name, values) in customHeaders) request.Headers.TryAddWithoutValidation(name, values);
        if (body is Eventsv1Event clusterEvent) request.Content = ContentOf(clusterEvent);
        return await HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static ByteArrayContent ContentOf(Eventsv1Event clusterEvent)
        => new(JsonSerializer.SerializeToUtf8Bytes(clusterEvent, EventJson.Default.Eventsv1Event))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
}
