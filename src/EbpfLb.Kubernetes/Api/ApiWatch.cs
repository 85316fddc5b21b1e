using System.Net;
using System.Text.Json;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Api;

/// <param name="Overall">Silence allowed while no bookmark has come: the watch's time and some slack.</param>
/// <param name="AfterBookmark">Silence allowed once the server has shown that it sends bookmarks.</param>
/// <param name="Initial">Silence allowed until a collection that the watch begins with is complete.</param>
internal readonly record struct WatchLimits(TimeSpan Overall, TimeSpan AfterBookmark, TimeSpan Initial);

/// <inheritdoc cref="IApiWatch{T}"/>
/// <param name="beginsWithList">The collection comes first.</param>
internal sealed class ApiWatch<T>(
    ObjectCodec<T> codec, ApiAnswer answer, ApiCall call, Stream body, WatchLimits limits, bool beginsWithList,
    TimeProvider time) : IApiWatch<T>
    where T : class
{
    private readonly LineReader lines = new(body);
    private bool sawBookmark;
    private bool isInitial = beginsWithList;

    public async ValueTask<WatchEvent<T>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (lines.TryTake(out var line))
            {
                if (!line.Span.IsEmpty && Parse(line.Span) is { } watchEvent) return watchEvent;
            }
            if (!await FillAsync(cancellationToken)) return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        answer.Dispose();
        return ValueTask.CompletedTask;
    }

    private WatchEvent<T>? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var watchEvent = codec.ReadEvent(line, out var error);
            if (error is not null) throw ErrorOf(error);
            sawBookmark |= watchEvent?.Type is WatchEventType.Bookmark or WatchEventType.InitialEventsEnd;
            isInitial &= watchEvent?.Type != WatchEventType.InitialEventsEnd;
            return watchEvent;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw ApiExplainer.Malformed(call, answer.Server, e);
        }
    }

    private ApiException ErrorOf(WireStatus error) => ApiExplainer.FromStatus(
        call,
        answer.Server,
        (HttpStatusCode)error.Code,
        error,
        error.Details?.RetryAfterSeconds is > 0 and { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        "the credentials");

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        var limit
            = isInitial ? limits.Initial : sawBookmark && limits.AfterBookmark < limits.Overall ? limits.AfterBookmark : limits.Overall;
        using var idle = new IdleTimer(limit, time, cancellationToken);
        try
        {
            if (await lines.FillAsync(idle.Token)) return true;
            return lines.IsMidLine
                ? throw ApiExplainer.FromTransport(call, answer.Server, new EndOfStreamException("it ended in the middle of an event"))
                : false;
        }
        catch (OperationCanceledException) when (idle.IsExpired && !cancellationToken.IsCancellationRequested)
        {
            throw ApiExplainer.Silence(call, answer.Server, idle.Limit);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw ApiExplainer.FromTransport(call, answer.Server, e);
        }
    }
}
