using EbpfLb.Kubernetes.Api;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>
/// Keeps a sink equal to a collection of the server, for as long as it runs: list, watch, resume, list again when the
/// server has forgotten where we were. Whatever goes wrong is reported to the sink and tried again. An optional collection that the
/// server does not have counts as empty.
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
    private readonly Backoff backoff = new(options.FirstRetry, options.LongestRetry, random);
    private ApiSelector selector = selector;

    /// <summary>Where the next watch begins; null means that a list is needed.</summary>
    private string? resourceVersion;

    private DateTimeOffset? troubleSince;

    private bool isWatching;

    private bool isAbsent;

    private readonly Lock watchGate = new();

    /// <summary>The watch that is open, to be given up when the collection shall be listed again.</summary>
    private CancellationTokenSource? openWatch;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            isWatching = false;
            try
            {
                if (resourceVersion is null) await ListAsync(cancellationToken);
                await WatchUnlessRelistedAsync(cancellationToken);
            }
            catch (ApiException e)
            {
                await HandleAsync(e, cancellationToken);
            }
        }
    }

    /// <summary>"services".</summary>
    public string Plural => resource.Plural;

    /// <summary>Reads the collection as it is now, beside the watch and without a word to the sink.</summary>
    public Task<ObjectList<T>> ReadAsync(CancellationToken cancellationToken) => api.ListAsync(resource, selector, cancellationToken);

    /// <summary>Gives the watch up and lists again. From any thread.</summary>
    public void Relist()
    {
        lock (watchGate) openWatch?.Cancel();
    }

    private async Task WatchUnlessRelistedAsync(CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (watchGate) openWatch = until;
        try
        {
            await WatchAsync(resourceVersion!, until.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            resourceVersion = null;
        }
        finally
        {
            lock (watchGate) openWatch = null;
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await api.ListAsync(resource, selector, cancellationToken);
        sink.Replace(list.Items);
        resourceVersion = list.ResourceVersion;
        Log.Listed(logger, resource.Plural, list.Items.Count, list.ResourceVersion, api.Description);
        Well();
    }

    /// <summary>Returns when the server has ended the watch in an orderly way.</summary>
    private async Task WatchAsync(string from, CancellationToken cancellationToken)
    {
        await using var watch = await api.WatchAsync(resource, selector, from, cancellationToken);
        Log.Watching(logger, resource.Plural, from, api.Description);
        Well();
        isWatching = true;
        var opened = time.GetTimestamp();
        var any = false;
        while (await watch.ReadAsync(cancellationToken) is { } change)
        {
            any = true;
            backoff.Reset();
            if (change.Type != WatchEventType.Bookmark) sink.Apply(change);
            resourceVersion = change.ResourceVersion;
            sink.Contact();
        }
        if (any || time.GetElapsedTime(opened) > options.LongestRetry) backoff.Reset();
        // A server (or a proxy) that ends each watch at once must not be asked in a tight loop.
        else await Task.Delay(backoff.Next(), time, cancellationToken);
    }

    private async Task HandleAsync(ApiException trouble, CancellationToken cancellationToken)
    {
        if (trouble.Failure == ApiFailure.BadRequest && selector is { Fields.Length: > 0, FieldsMayGo: true })
        {
            Log.FieldSelectorRefused(logger, resource.Plural, selector.Fields);
            selector = selector with { Fields = "" };
            // Refused to a watch: the list came from a newer server of the same cluster.
            resourceVersion = null;
            return;
        }
        if (isOptional && IsAbsent(trouble))
        {
            await AbsentAsync(trouble, cancellationToken);
            return;
        }
        if (trouble.Failure is ApiFailure.Expired or ApiFailure.Malformed) resourceVersion = null;
        // A watch that broke or ran out is nothing to worry about as long as the next one opens.
        if (!isWatching || trouble.Failure is not (ApiFailure.Cut or ApiFailure.Silent or ApiFailure.Expired)) Trouble(trouble);
        var wait = backoff.Next(trouble.RetryAfter);
        Log.ApiTrouble(logger, resource.Plural, trouble.Failure, wait.TotalSeconds, trouble.Message);
        await Task.Delay(wait, time, cancellationToken);
        if (troubleSince is { } since && time.GetUtcNow() - since >= options.RelistAfter) resourceVersion = null;
    }

    /// <summary>410 for a list: the server had the collection once.</summary>
    private bool IsAbsent(ApiException trouble) => trouble.Failure is ApiFailure.NotFound or ApiFailure.Forbidden
        || (trouble.Failure == ApiFailure.Expired && resourceVersion is null);

    private async Task AbsentAsync(ApiException trouble, CancellationToken cancellationToken)
    {
        if (!isAbsent) Log.OptionalAbsent(logger, resource.Plural, trouble.Message);
        isAbsent = true;
        resourceVersion = null;
        sink.Replace([]);
        await Task.Delay(options.OptionalRetry, time, cancellationToken);
    }

    private void Trouble(ApiException trouble)
    {
        troubleSince ??= time.GetUtcNow();
        sink.Failed(trouble);
    }

    private void Well()
    {
        if (troubleSince is { } since) Log.ApiBack(logger, resource.Plural, api.Description, (time.GetUtcNow() - since).TotalSeconds);
        troubleSince = null;
        isAbsent = false;
        sink.Contact();
    }
}
