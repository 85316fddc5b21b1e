using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the running agent of an instance.</summary>
internal sealed class ControlClient : IInstanceView, IDisposable
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan VerifyTime = TimeSpan.FromMinutes(5);
    private static readonly Uri Agent = new("http://agent");

    private readonly HttpClient client;
    private readonly HttpClient patient;

    private ControlClient(HttpMessageHandler handler)
    {
        client = new HttpClient(handler) { BaseAddress = Agent, Timeout = AnswerTime };
        patient = new HttpClient(handler, disposeHandler: false) { BaseAddress = Agent, Timeout = VerifyTime };
    }

    /// <summary>Connects; null when nobody listens on the socket.</summary>
    /// <exception cref="UnauthorizedAccessException">The socket is there and belongs to somebody else.</exception>
    public static async Task<ControlClient?> TryConnectAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var probe = await ConnectAsync(path, cancellationToken);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UnauthorizedAccessException($"{path} may only be used by its owner; run the command as root", e);
        }
        catch (SocketException)
        {
            return null;
        }
        return new ControlClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) => new NetworkStream(await ConnectAsync(path, token), ownsSocket: true),
            UseProxy = false,
        });
    }

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken)
        => GetAsync("/status", ControlJson.Default.StatusReport, cancellationToken);

    public Task<ServicesReport> ServicesAsync(ServiceQuery query, CancellationToken cancellationToken)
        => GetAsync($"/services{query.ToUrl()}", ControlJson.Default.ServicesReport, cancellationToken);

    public Task<BackendsReport> BackendsAsync(ServiceQuery query, CancellationToken cancellationToken)
        => GetAsync($"/backends{query.ToUrl()}", ControlJson.Default.BackendsReport, cancellationToken);

    public async Task<string?> ConfigAsync(CancellationToken cancellationToken)
        => await client.GetStringAsync(new Uri("/config", UriKind.Relative), cancellationToken);

    /// <summary>A comparison takes its time: it is paced, and waits for what is late.</summary>
    public async Task<VerifyReport> VerifyAsync(bool repair, CancellationToken cancellationToken)
    {
        var path = new Uri($"{ControlServer.VerifyPath}?repair={(repair ? "true" : "false")}", UriKind.Relative);
        using var response = await patient.PostAsync(path, null, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ControlJson.Default.VerifyReport, cancellationToken)
            ?? throw new JsonException($"the agent answered {path} with nothing; is it of another version?");
    }

    public IFlowView Flows => new ControlFlows(client);

    public IExplainView? Explanations => new ControlExplanations(client);

    public IDrainView? Drains => new ControlDrains(client);

    public IHistoryView? History => new ControlHistory(client);

    public ITraceView? Traces => new ControlTraces(client);

    public void Dispose()
    {
        patient.Dispose();
        client.Dispose();
    }

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(
            new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new UnknownServiceException(await response.Content.ReadAsStringAsync(cancellationToken));
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            throw new NotKnownYetException(await response.Content.ReadAsStringAsync(cancellationToken));
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(body, type, cancellationToken)
            ?? throw new JsonException($"the agent answered {path} with nothing; is it of another version?");
    }

    private static async Task<Socket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
