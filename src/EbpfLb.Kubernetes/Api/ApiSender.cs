using System.Net;
using System.Text.Json;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Sends requests: credentials, fail-over between servers, and failures turned into explanations.</summary>
internal sealed class ApiSender : IDisposable
{
    /// <summary>A Status is small; an answer of something else may be anything.</summary>
    private const int LongestStatus = 64 * 1024;

    private static readonly string UserAgent = $"ebpflb/{typeof(ApiSender).Assembly.GetName().Version?.ToString(3)}";

    private readonly ApiConnection connection;
    private readonly WireJson json;
    private readonly ApiTimeouts timeouts;
    private readonly TimeProvider time;
    private readonly ServerRing servers;
    private readonly ClientConnections connections;
    private readonly ApiCredentials credentials;
    private readonly RequestCounts counts;

    /// <param name="report">Told of credentials that cannot be read while the last ones are still in use.</param>
    public ApiSender(
        ApiConnection connection, WireJson json, ApiTimeouts timeouts, TimeProvider time, Version? httpVersion, RequestCounts counts,
        Action<string> report)
    {
        this.connection = connection;
        this.json = json;
        this.timeouts = timeouts;
        this.time = time;
        this.counts = counts;
        servers = new ServerRing(connection.Servers);
        credentials = new LastGoodCredentials(connection.Credentials, report);
        connections = new ClientConnections(credential
            => ApiTransport.CreateClient(connection.Servers[0], connection.Trust, credential, timeouts, time, httpVersion));
    }

    /// <summary>The server in use.</summary>
    public Uri Server => servers.Current;

    /// <summary>Sends until a server answers with success; each server is tried once.</summary>
    /// <exception cref="ApiException">None did; of the last one tried.</exception>
    public async Task<ApiAnswer> SendAsync(ApiCall call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = servers.Current;
            try
            {
                return await SendToAsync(server, call, cancellationToken);
            }
            catch (ApiException e) when (IsServersFault(e.Failure))
            {
                servers.TurnFrom(server);
                if (attempt < servers.Count) continue;
                if (e.Failure != ApiFailure.Unreachable || connection.UnreachableHint is not { } hint) throw;
                throw new ApiException(e.Failure, $"{e.Message}; {hint}", e.RetryAfter, e);
            }
        }
    }

    public void Dispose() => connections.Dispose();

    /// <summary>
    /// Whether another server may do better. A 401 or 403 is the same everywhere, and a 429 asks the client to slow down: its requests
    /// would only go on elsewhere.
    /// </summary>
    private static bool IsServersFault(ApiFailure failure) => failure is ApiFailure.Unreachable or ApiFailure.Tls or ApiFailure.Cut
        or ApiFailure.ServerError or ApiFailure.Unavailable or ApiFailure.TooNew;

    private async Task<ApiAnswer> SendToAsync(Uri server, ApiCall call, CancellationToken cancellationToken)
    {
        var sent = await CountAsync(server, call, refused: null, cancellationToken);
        if (sent.Response.StatusCode == HttpStatusCode.Unauthorized)
        {
            sent.Response.Dispose();
            sent.Connections.Dispose();
            connections.Renew(sent.Connections);
            sent = await CountAsync(server, call, sent.Credential, cancellationToken);
        }
        var response = sent.Response;
        if (response.IsSuccessStatusCode) return new ApiAnswer(response, call, server, sent.Connections, timeouts, time, cancellationToken);
        using (sent.Connections)
        using (response)
        {
            var status = await ReadStatusAsync(response, cancellationToken);
            throw ApiExplainer.FromStatus(
                call, server, response.StatusCode, status, RetryAfterOf(response, status), connection.Credentials.Description);
        }
    }

    private async Task<SentRequest> CountAsync(Uri server, ApiCall call, ApiCredential? refused, CancellationToken cancellationToken)
    {
        try
        {
            var sent = await TryAsync(server, call, refused, cancellationToken);
            counts.Answered((int)sent.Response.StatusCode, call.Method, server);
            return sent;
        }
        catch (ApiException)
        {
            counts.Failed(call.Method, server);
            throw;
        }
    }

    private async Task<SentRequest> TryAsync(Uri server, ApiCall call, ApiCredential? refused, CancellationToken cancellationToken)
    {
        var credential = await GetCredentialAsync(server, call, refused, cancellationToken);
        using var idle = new IdleTimer(timeouts.Answer, time, cancellationToken);
        ClientConnections.Lease? lease = null;
        try
        {
            lease = connections.Take(credential);
            return new(await lease.Client.SendAsync(server, call, HeadersFor(credential), idle.Token), lease, credential);
        }
        catch (Exception e)
        {
            lease?.Dispose();
            if (e is OutOfMemoryException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested)) throw;
            throw e is OperationCanceledException && idle.IsExpired
                ? ApiExplainer.NoAnswer(call, server, idle.Limit)
                : ApiExplainer.FromTransport(call, server, e);
        }
    }

    private Dictionary<string, IReadOnlyList<string>> HeadersFor(ApiCredential credential)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>> { ["Accept"] = ["application/json"], ["User-Agent"] = [UserAgent] };
        if (credential.Token is { } token) headers["Authorization"] = [$"Bearer {token}"];
        // SocketsHttpHandler takes the TLS name to ask for and to check from the Host header.
        if (connection.Trust.HostHeader is { } name) headers["Host"] = [name];
        return headers;
    }

    private async Task<ApiCredential> GetCredentialAsync(
        Uri server, ApiCall call, ApiCredential? refused, CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(timeouts.Answer, time, cancellationToken);
        try
        {
            return await credentials.GetAsync(refused, idle.Token);
        }
        catch (ConnectionException e)
        {
            throw ApiExplainer.FromTransport(call, server, e);
        }
        catch (OperationCanceledException) when (idle.IsExpired && !cancellationToken.IsCancellationRequested)
        {
            throw ApiExplainer.FromTransport(call, server, new ConnectionException(
                $"{credentials.Description} took longer than {idle.Limit.TotalSeconds:0} s; run it by hand to see why"));
        }
    }

    private async Task<WireStatus?> ReadStatusAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(timeouts.Answer, time, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(LongestStatus, idle.Token);
            return JsonSerializer.Deserialize(await response.Content.ReadAsStreamAsync(idle.Token), json.WireStatus);
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The status code says enough; the body would only have added words.
            return null;
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response, WireStatus? status)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ when status?.Details?.RetryAfterSeconds is > 0 and { } seconds => TimeSpan.FromSeconds(seconds),
            _ => TimeSpan.Zero,
        };
        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>An answer of whatever code, and what was shown for it.</summary>
    private readonly record struct SentRequest(HttpResponseMessage Response, ClientConnections.Lease Connections, ApiCredential Credential);
}
