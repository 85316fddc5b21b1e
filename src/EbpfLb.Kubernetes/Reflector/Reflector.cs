using EbpfLb.Kubernetes.Api;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>
/// Keeps a sink equal to a collection of the server, for as long as it runs: list, watch, resume, list again when the
/// server has forgotten where we were. The list is the beginning of the watch where the server can do that. Whatever goes wrong, a fault
/// of this program included, is reported to the sink and tried again. An optional collection that the server does not have counts as empty.
/// </summary>
internal sealed class Reflector<T>(
    IKubernetesApi api,
    ApiResource<T> resource,
    ApiSelector selector,
    IReflectorSink<T> sink,
    ReflectorOptions options,
    TimeProvider time,
    Random random,
    ILogger logger,
    bool isOptional = false)
    where T : class
{
    private readonly ServerBackOff backoff = new(options.FirstRetry, options.LongestRetry, random);
    private ApiSelector selector = selector;

    /// <summary>Where the next watch begins; null means that a list is needed.</summary>
    private string? resourceVersion;

    /// <summary>Timestamp; null while nothing is wrong.</summary>
    private long? failingSince;

    /// <summary>Timestamp; null while the server answers, be it by a refusal.</summary>
    private long? awaySince;

    /// <summary>A server that does so in one watch does it in the next.</summary>
    private bool sendsBookmarks;

    /// <summary>Timestamp; null: something has come in the watch, or none could be opened.</summary>
    private long? silentSince;

    private readonly StreamingLists streaming = new(options.StreamingLists);

    private bool isWatching;

    private bool isAbsent;

    private readonly Lock watchGate = new();

    /// <summary>The watch that is open, to be given up when the collection shall be listed again.</summary>
    private CancellationTokenSource? openWatch;

    private bool isRelistAsked;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            isWatching = false;
            try
            {
                lock (watchGate)
                {
                    if (isRelistAsked) resourceVersion = null;
                    isRelistAsked = false;
                }
                if (resourceVersion is null && !streaming.IsNext) await ListAsync(cancellationToken);
                await WatchUnlessRelistedAsync(cancellationToken);
            }
            catch (ApiException e)
            {
                await HandleAsync(e, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                // A sink may have taken half of it.
                resourceVersion = null;
                await HandleAsync(ApiExplainer.Unforeseen(resource.Plural, e), cancellationToken);
            }
        }
    }

    /// <summary>"services".</summary>
    public string Plural => resource.Plural;

    /// <summary>Reads the collection, beside the watch and without a word to the sink.</summary>
    /// <param name="fromCache">
    /// As the server's cache has it, at least as new as what the watch has told: what the server's own watches missed is not seen. false:
    /// as its store has it.
    /// </param>
    public Task<ObjectList<T>> ReadAsync(bool fromCache, CancellationToken cancellationToken)
        => api.ListAsync(resource, selector, fromCache ? resourceVersion : null, cancellationToken);

    /// <summary>Gives the watch up, if one is open, and lists again as soon as the server may be asked. From any thread.</summary>
    public void Relist()
    {
        lock (watchGate)
        {
            isRelistAsked = true;
            openWatch?.Cancel();
        }
    }

    private async Task WatchUnlessRelistedAsync(CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (watchGate)
        {
            if (isRelistAsked) return;
            openWatch = until;
        }
        try
        {
            await WatchAsync(until.Token);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The next list is what was asked for.
        }
        finally
        {
            lock (watchGate) openWatch = null;
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await api.ListAsync(resource, selector, notOlderThan: null, cancellationToken);
        streaming.Listed();
        Replace(list.Items, list.ResourceVersion);
    }

    private void Replace(IReadOnlyList<T> items, string version)
    {
        sink.Replace(items);
        resourceVersion = version;
        silentSince = null;
        Log.Listed(logger, resource.Plural, items.Count, version, api.Description);
        Well();
    }

    /// <summary>Returns when the server has ended the watch in an orderly way.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var initial = resourceVersion is null ? new InitialEvents<T>() : null;
        await using var watch = await api.WatchAsync(resource, selector, resourceVersion, cancellationToken);
        if (initial is not null && !await ReadInitialAsync(watch, initial, cancellationToken)) return;
        Log.Watching(logger, resource.Plural, resourceVersion!, api.Description);
        Well();
        isWatching = true;
        var opened = time.GetTimestamp();
        silentSince ??= opened;
        while (await watch.ReadAsync(cancellationToken) is { } change)
        {
            silentSince = null;
            sendsBookmarks |= change.Type == WatchEventType.Bookmark;
            backoff.Reset();
            if (change.Type is WatchEventType.Set or WatchEventType.Deleted) sink.Apply(change);
            resourceVersion = change.ResourceVersion;
            sink.Contact();
        }
        ForgetIfSilent();
        if (silentSince is null || time.GetElapsedTime(opened) > options.LongestRetry) backoff.Reset();
        // A server (or a proxy) that ends each watch at once must not be asked in a tight loop.
        else await time.DelayAsync(backoff.Next(), cancellationToken);
    }

    /// <summary>
    /// A server that was restored from a backup takes a watch from our version, which it will only come to, and tells nothing until then:
    /// each such watch runs to its end, and the next one would, too. The silence of several counts together.
    /// </summary>
    private void ForgetIfSilent()
    {
        if (!sendsBookmarks || resourceVersion is null || silentSince is not { } since) return;
        var silence = time.GetElapsedTime(since);
        if (silence < options.WatchSilence) return;
        Log.WatchSilent(logger, resource.Plural, silence.TotalSeconds, resourceVersion, api.Description);
        resourceVersion = null;
    }

    /// <summary>
    /// Reads the collection that the watch begins with; false when it does not come to its end, and a list is to be read.
    /// </summary>
    private async Task<bool> ReadInitialAsync(IApiWatch<T> watch, InitialEvents<T> initial, CancellationToken cancellationToken)
    {
        try
        {
            while (await watch.ReadAsync(cancellationToken) is { } change)
            {
                if (change.Type == WatchEventType.InitialEventsEnd)
                {
                    streaming.Succeeded();
                    Replace(initial.Items, change.ResourceVersion);
                    return true;
                }
                // A server that does not know the option sends its usual bookmarks.
                if (change.Type == WatchEventType.Bookmark) break;
                initial.Apply(change);
            }
        }
        catch (ApiException e) when (e.Failure is ApiFailure.Silent or ApiFailure.Malformed)
        {
            // An object that does not read spoils a watch; a list leaves it out.
            Log.StreamingListRefused(logger, resource.Plural, e.Failure);
        }
        streaming.Failed();
        return false;
    }

    private async Task HandleAsync(ApiException failure, CancellationToken cancellationToken)
    {
        var isStreaming = resourceVersion is null && streaming.IsNext;
        if (isStreaming && (failure.Failure == ApiFailure.Invalid
            || (failure.Failure == ApiFailure.BadRequest && selector is not { Fields.Length: > 0, FieldSelectorIsOptional: true })))
        {
            Log.StreamingListRefused(logger, resource.Plural, failure.Failure);
            streaming.Refused();
            return;
        }
        if (failure.Failure == ApiFailure.BadRequest && selector is { Fields.Length: > 0, FieldSelectorIsOptional: true })
        {
            Log.FieldSelectorRefused(logger, resource.Plural, selector.Fields);
            selector = selector with { Fields = "" };
            // Refused to a watch: the list came from a newer server of the same cluster.
            resourceVersion = null;
            return;
        }
        if (isOptional && IsAbsent(failure))
        {
            await AbsentAsync(failure, cancellationToken);
            return;
        }
        if (failure.Failure is ApiFailure.Expired or ApiFailure.TooNew or ApiFailure.Malformed) resourceVersion = null;
        if (isWatching) ForgetIfSilent();
        else silentSince = null;
        // A watch that broke or ran out is nothing to worry about as long as the next one opens.
        if (!isWatching || failure.Failure is not (ApiFailure.Cut or ApiFailure.Silent or ApiFailure.Expired)) ReportFailure(failure);
        var wait = backoff.Next(failure.RetryAfter);
        if (failure.Failure == ApiFailure.Internal) Log.ReflectorFailed(logger, failure.InnerException ?? failure, resource.Plural);
        Log.ApiRequestFailed(logger, resource.Plural, failure.Failure, wait.TotalSeconds, failure.Message);
        await time.DelayAsync(wait, cancellationToken);
        if (awaySince is { } since && time.GetElapsedTime(since) >= options.RelistAfter) resourceVersion = null;
    }

    /// <summary>
    /// It may come back with another history. One that refuses is there: it must not be asked for lists because it has too much to do.
    /// </summary>
    private static bool IsAway(ApiFailure failure) => failure is ApiFailure.Unreachable or ApiFailure.Tls or ApiFailure.Cut
        or ApiFailure.ServerError or ApiFailure.Unavailable;

    /// <summary>410 for a list: the server had the collection once.</summary>
    private bool IsAbsent(ApiException failure) => failure.Failure is ApiFailure.NotFound or ApiFailure.Forbidden
        || (failure.Failure == ApiFailure.Expired && resourceVersion is null);

    private async Task AbsentAsync(ApiException failure, CancellationToken cancellationToken)
    {
        if (!isAbsent) Log.OptionalAbsent(logger, resource.Plural, failure.Message);
        isAbsent = true;
        resourceVersion = null;
        sink.Replace([]);
        await time.DelayAsync(options.OptionalRetry, cancellationToken);
    }

    private void ReportFailure(ApiException failure)
    {
        failingSince ??= time.GetTimestamp();
        awaySince = IsAway(failure.Failure) ? awaySince ?? time.GetTimestamp() : null;
        sink.Failed(failure);
    }

    private void Well()
    {
        if (failingSince is { } since) Log.ApiBack(logger, resource.Plural, api.Description, time.GetElapsedTime(since).TotalSeconds);
        (failingSince, awaySince) = (null, null);
        isAbsent = false;
        sink.Contact();
    }
}
