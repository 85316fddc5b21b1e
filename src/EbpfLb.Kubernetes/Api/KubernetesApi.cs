using System.Text.Json;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// The lean client: KubernetesClient's requests, and JSON read straight into the model. Safe for several threads. Lists ask for the
/// newest state (no resourceVersion): after a fail-over a server's cache may be older than what is already known.
/// </summary>
internal sealed class KubernetesApi : IKubernetesApi, IDisposable
{
    /// <summary>Items per page, as client-go asks for.</summary>
    public const int PageSize = 500;

    private readonly WireCatalog wire;
    private readonly ApiTimeouts timeouts;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ApiSender sender;

    /// <param name="random">Spreads the ends of watches over time; used under a lock.</param>
    /// <param name="report">Told of credentials that cannot be read while the last ones are still in use.</param>
    public KubernetesApi(
        ApiConnection connection, WireCatalog wire, ApiTimeouts timeouts, TimeProvider time, Random random, Version? httpVersion = null,
        RequestCounts? counts = null, Action<string>? report = null)
    {
        this.wire = wire;
        this.timeouts = timeouts;
        this.time = time;
        this.random = random;
        sender = new ApiSender(
            connection, wire.Json, timeouts, time, httpVersion, counts ?? new RequestCounts(), report ?? (static _ => { }));
    }

    public string Description => ApiExplainer.Show(sender.Server);

    public async Task<ObjectList<T>> ListAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? notOlderThan, CancellationToken cancellationToken)
        where T : class
    {
        var items = new List<T>();
        if (notOlderThan is not null)
        {
            var cached = await ReadPageAsync(
                resource, ApiCall.ListNotOlderThan(resource, selector, notOlderThan), items, cancellationToken);
            return new ObjectList<T>(cached.ResourceVersion!, items);
        }
        string? token = null;
        while (true)
        {
            try
            {
                var metadata = await ReadPageAsync(resource, ApiCall.List(resource, selector, PageSize, token), items, cancellationToken);
                token = metadata.Continue;
                if (string.IsNullOrEmpty(token)) return new ObjectList<T>(metadata.ResourceVersion!, items);
            }
            catch (ApiException e) when (e.Failure == ApiFailure.Expired && token is not null)
            {
                // The state of the first page is gone. What is left is read in one piece, which cannot expire
                // (client-go's pager does the same); the pages so far are of an older state and thrown away.
                items.Clear();
                var whole = await ReadPageAsync(resource, ApiCall.List(resource, selector, limit: 0, null), items, cancellationToken);
                return new ObjectList<T>(whole.ResourceVersion!, items);
            }
        }
    }

    public async Task<IApiWatch<T>> WatchAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? resourceVersion, CancellationToken cancellationToken)
        where T : class
    {
        TimeSpan duration;
        lock (random) duration = timeouts.Watch * (1 + random.NextDouble());
        var seconds = Math.Max(1, (int)duration.TotalSeconds);
        var call = resourceVersion is null
            ? ApiCall.WatchFromList(resource, selector, seconds)
            : ApiCall.Watch(resource, selector, resourceVersion, seconds);
        var answer = await sender.SendAsync(call, cancellationToken);
        try
        {
            var body = await answer.Response.Content.ReadAsStreamAsync(cancellationToken);
            var limits = new WatchLimits(
                TimeSpan.FromSeconds(seconds) + timeouts.WatchSlack, timeouts.BookmarkSilence, timeouts.InitialSilence);
            return new ApiWatch<T>(wire.CodecOf(resource), answer, call, body, limits, resourceVersion is null, time);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public async Task<T?> GetAsync<T>(ApiResource<T> resource, ObjectName name, CancellationToken cancellationToken)
        where T : class
    {
        var call = ApiCall.Get(resource, name);
        try
        {
            using var answer = await sender.SendAsync(call, cancellationToken);
            return await answer.ReadAsync(async (body, idle) =>
            {
                using var buffer = new MemoryStream();
                await body.CopyToAsync(buffer, idle.Token);
                return wire.CodecOf(resource).ReadObject(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
            });
        }
        catch (ApiException e) when (e.Failure == ApiFailure.NotFound)
        {
            return null;
        }
    }

    public async Task CreateEventAsync(EventPost post, CancellationToken cancellationToken)
    {
        using var answer = await sender.SendAsync(ApiCall.CreateEvent(post.Namespace, EventObject.Of(post)), cancellationToken);
    }

    public void Dispose() => sender.Dispose();

    private async Task<WireListMetadata> ReadPageAsync<T>(
        ApiResource<T> resource, ApiCall call, List<T> items, CancellationToken cancellationToken)
        where T : class
    {
        using var answer = await sender.SendAsync(call, cancellationToken);
        return await answer.ReadAsync(async (body, idle) =>
        {
            var page = new ListPageReader<T>(wire, resource, items);
            await page.ReadAsync(body, idle.Touch, idle.Token);
            return page.Metadata is { ResourceVersion.Length: > 0 } metadata
                ? metadata
                : throw new JsonException("a list must have metadata.resourceVersion");
        });
    }
}
