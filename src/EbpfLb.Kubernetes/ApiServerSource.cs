using System.Runtime.CompilerServices;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes;

/// <summary>What an <see cref="ApiServerSource"/> reads and how.</summary>
/// <param name="NodeName">metadata.name of the agent's own node; other nodes are never read.</param>
public sealed record ApiServerSourceOptions(string NodeName)
{
    public ApiTimeouts Timeouts { get; init; } = new();

    public ReflectorOptions Reflector { get; init; } = new();
}

/// <summary>
/// The cluster as an API server tells it: Services, EndpointSlices and the own Node, each kept by a reflector, joined
/// into snapshots. While the server is away the last snapshot stays. Every call of <see cref="ReadAsync"/> starts
/// afresh; one at a time.
/// </summary>
public sealed class ApiServerSource : IClusterSource, IEventWriter, IDisposable
{
    /// <summary>
    /// Both labels for both kinds: the endpoint controllers copy a Service's labels to its slices, and leaving a slice
    /// of an ignored Service out costs nothing (contract section 1).
    /// </summary>
    private const string NotIgnored = "!service.kubernetes.io/service-proxy-name,!service.kubernetes.io/headless";

    /// <summary>Known to servers from 1.31 on; refused by older ones, and then left out.</summary>
    private const string NotHeadless = "spec.clusterIP!=None";

    private readonly IKubernetesApi api;
    private readonly IDisposable? owned;
    private readonly ApiServerSourceOptions options;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private ClusterFeed feed;

    /// <param name="random">Seeds what is drawn for waiting times, so that the agents of a cluster differ.</param>
    public ApiServerSource(
        ApiConnection connection, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger<ApiServerSource> logger)
        : this(CreateApi(connection, options, time, random, logger), options, time, random, logger)
    {
        owned = (IDisposable)api;
        foreach (var note in connection.Notes) Log.SettingNotUsed(logger, note);
    }

    /// <summary>The same over any implementation of the API.</summary>
    public ApiServerSource(IKubernetesApi api, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger logger)
    {
        this.api = api;
        this.options = options;
        this.time = time;
        this.random = random;
        this.logger = logger;
        feed = new ClusterFeed(options.NodeName, time, logger);
    }

    public SourceStatus Status => feed.StatusOf(api.Description);

    public async IAsyncEnumerable<ClusterSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var current = feed = new ClusterFeed(options.NodeName, time, logger);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] reflectors =
        [
            Run(ApiResources.Services, new ApiSelector(NotIgnored, NotHeadless), current.Services, stop.Token),
            Run(ApiResources.EndpointSlices, new ApiSelector(NotIgnored), current.Slices, stop.Token),
            Run(
                ApiResources.Nodes,
                new ApiSelector(Fields: $"metadata.name={options.NodeName}"),
                current.Node,
                stop.Token),
        ];
        // A reflector ends only by cancellation; should one ever fail otherwise, the reader must get to know.
        var ended = Task.WhenAny(reflectors).Unwrap();
        try
        {
            while (true)
            {
                var change = current.NextAsync(stop.Token);
                if (await Task.WhenAny(change, ended) == ended) await ended;
                yield return await change;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(reflectors).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task WriteAsync(EventPost post, CancellationToken cancellationToken) => api.CreateEventAsync(post, cancellationToken);

    public void Dispose() => owned?.Dispose();

    private Task Run<T>(ApiResource<T> resource, ApiSelector selector, IReflectorSink<T> sink, CancellationToken cancellationToken)
        where T : class
    {
        var own = new Random(random.Next());
        var reflector = new Reflector<T>(api, resource, selector, sink, options.Reflector, time, own, logger);
        return Task.Run(() => reflector.RunAsync(cancellationToken), cancellationToken);
    }

    private static KubernetesApi CreateApi(
        ApiConnection connection, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger logger)
    {
        var wire = new WireCatalog(warning => Log.ObjectPartlyIgnored(logger, warning));
        return new KubernetesApi(connection, wire, options.Timeouts, time, new Random(random.Next()));
    }
}
