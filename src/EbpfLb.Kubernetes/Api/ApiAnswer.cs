using System.Text.Json;

namespace EbpfLb.Kubernetes.Api;

/// <summary>A successful answer whose body is still to be read.</summary>
/// <param name="Connections">Held until the answer is disposed of.</param>
internal sealed record ApiAnswer(
    HttpResponseMessage Response, ApiCall Call, Uri Server, IDisposable Connections, ApiTimeouts Timeouts, TimeProvider Time,
    CancellationToken Cancelled) : IDisposable
{
    /// <summary>Reads the body, with a limit on the silence between two pieces.</summary>
    /// <exception cref="ApiException">It is cut, silent or malformed.</exception>
    public async Task<TResult> ReadAsync<TResult>(Func<Stream, IdleTimer, Task<TResult>> read)
    {
        using var idle = new IdleTimer(Timeouts.Answer, Time, Cancelled);
        try
        {
            return await read(await Response.Content.ReadAsStreamAsync(idle.Token), idle);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw ApiExplainer.Malformed(Call, Server, e);
        }
        catch (OperationCanceledException) when (idle.IsExpired && !Cancelled.IsCancellationRequested)
        {
            throw ApiExplainer.NoAnswer(Call, Server, idle.Limit);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw ApiExplainer.FromTransport(Call, Server, e);
        }
    }

    public void Dispose()
    {
        Response.Dispose();
        Connections.Dispose();
    }
}
