using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Sends requests: credentials, fail-over between servers, and failures turned into explanations.</summary>
internal sealed class ApiSender : IDisposable
{
    /// <summary>A Status is small; an answer of something else may be anything.</summary>
    private const int LongestStatus = 64 * 1024;

    private readonly ApiConnection connection;
    private readonly WireJson json;
    private readonly ApiTimeouts timeouts;
    private readonly TimeProvider time;
    private readonly ServerRing servers;
    private readonly HttpClient http;
    private readonly RequestCounts counts;
    private volatile X509Certificate2? certificate;

    public ApiSender(ApiConnection connection, WireJson json, ApiTimeouts timeouts, TimeProvider time, Version? httpVersion, RequestCounts counts)
    {
        this.connection = connection;
        this.json = json;
        this.timeouts = timeouts;
        this.time = time;
        this.counts = counts;
        servers = new ServerRing(connection.Servers);
        http = ApiTransport.CreateClient(connection.Trust, () => certificate, timeouts, time, httpVersion);
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

    public void Dispose() => http.Dispose();

    /// <summary>Whether another server may do better. A 401 or 403 is the same everywhere.</summary>
    private static bool IsServersFault(ApiFailure failure)
        => failure is ApiFailure.Unreachable or ApiFailure.Tls or ApiFailure.Cut or ApiFailure.ServerError;

    private async Task<ApiAnswer> SendToAsync(Uri server, ApiCall call, CancellationToken cancellationToken)
    {
        var response = await CountAsync(server, call, refused: false, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            response.Dispose();
            response = await CountAsync(server, call, refused: true, cancellationToken);
        }
        if (response.IsSuccessStatusCode) return new ApiAnswer(response, call, server, timeouts, time, cancellationToken);
        using (response)
        {
            var status = await ReadStatusAsync(response, cancellationToken);
            throw ApiExplainer.FromStatus(
                call, server, response.StatusCode, status, RetryAfterOf(response, status), connection.Credentials.Description);
        }
    }

    private async Task<HttpResponseMessage> CountAsync(Uri server, ApiCall call, bool refused, CancellationToken cancellationToken)
    {
        try
        {
            var response = await TryAsync(server, call, refused, cancellationToken);
            counts.Answered((int)response.StatusCode, call.Method, server);
            return response;
        }
        catch (ApiException)
        {
            counts.Failed(call.Method, server);
            throw;
        }
    }

    private async Task<HttpResponseMessage> TryAsync(Uri server, ApiCall call, bool refused, CancellationToken cancellationToken)
    {
        var credential = await GetCredentialAsync(server, call, refused, cancellationToken);
        certificate = credential.Certificate;
        using var idle = new IdleTimer(timeouts.Answer, time, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(call.Method, server.AbsoluteUri.TrimEnd('/') + call.PathAndQuery)
            {
                Version = http.DefaultRequestVersion,
                VersionPolicy = http.DefaultVersionPolicy,
            };
            if (call.Body is not null)
                request.Content = new ByteArrayContent(call.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("ebpflb", typeof(ApiSender).Assembly.GetName().Version?.ToString(3)));
            if (credential.Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            // SocketsHttpHandler takes the TLS name to ask for and to check from the Host header.
            if (connection.Trust.ServerName is { } name) request.Headers.Host = name;
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, idle.Token);
        }
        catch (OperationCanceledException) when (idle.IsExpired && !cancellationToken.IsCancellationRequested)
        {
            throw ApiExplainer.NoAnswer(call, server, idle.Limit);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ConfigException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw ApiExplainer.FromTransport(call, server, e);
        }
    }

    private async Task<ApiCredential> GetCredentialAsync(Uri server, ApiCall call, bool refused, CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(timeouts.Answer, time, cancellationToken);
        try
        {
            return await connection.Credentials.GetAsync(refused, idle.Token);
        }
        catch (ConfigException e)
        {
            throw ApiExplainer.FromTransport(call, server, e);
        }
        catch (OperationCanceledException) when (idle.IsExpired && !cancellationToken.IsCancellationRequested)
        {
            throw ApiExplainer.FromTransport(call, server, new ConfigException(
                $"{connection.Credentials.Description} took longer than {idle.Limit.TotalSeconds:0} s; run it by hand to see why"));
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
}
