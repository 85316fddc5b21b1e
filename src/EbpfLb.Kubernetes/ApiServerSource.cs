using System.Runtime.CompilerServices;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Kubernetes.Verification;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes;

/// <summary>What an <see cref="ApiServerSource"/> reads and how.</summary>
/// <param name="NodeName">metadata.name of the agent's own node.</param>
public sealed record ApiServerSourceOptions(string NodeName)
{
    /// <summary>Read all nodes, for their addresses; else the own one only.</summary>
    public bool AllNodes { get; init; }

    public ApiTimeouts Timeouts { get; init; } = new();

    public ReflectorOptions Reflector { get; init; } = new();

    /// <summary>How often the kubeconfig is looked at.</summary>
    public TimeSpan ReloadPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a watch has to deliver what a list shows, before it counts as having lost it.</summary>
    public TimeSpan VerifyGrace { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The cluster as an API server tells it: Services, EndpointSlices, the own Node and, where there are
/// some, ServiceCIDRs, each kept by a reflector, joined into snapshots. While the server is away the last snapshot stays. Every call of
/// <see cref="ReadAsync"/> starts afresh; one at a time.
/// </summary>
public sealed class ApiServerSource : IClusterSource, IVerifiableSource, IEventWriter, IDisposable
{
    private const string NotHeadlessLabel = "!service.kubernetes.io/headless";

    /// <summary>
    /// For slices, to which the endpoint controllers copy a Service's labels (docs/contract.md 1). The Services of other proxies are read:
    /// their ClusterIPs are somebody's.
    /// </summary>
    private const string NotIgnored = $"!service.kubernetes.io/service-proxy-name,{NotHeadlessLabel}";

    /// <summary>Known to servers from 1.31 on; refused by older ones, and then left out.</summary>
    private const string NotHeadless = "spec.clusterIP!=None";

    private volatile IKubernetesApi api;
    private ApiConnection? connection;
    private readonly ApiServerSourceOptions options;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private ClusterFeed feed;
    private volatile Func<bool, IReadOnlyList<ICollectionVerification>>? newVerification;

    /// <param name="random">Seeds what is drawn for waiting times, so that the agents of a cluster differ.</param>
    public ApiServerSource(
        ApiConnection connection, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger<ApiServerSource> logger)
        : this(CreateApi(connection, options, time, random, logger, out var requests), options, time, random, logger)
    {
        this.connection = connection;
        Requests = requests;
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

    /// <summary>Requests to API servers so far.</summary>
    public RequestCounts Requests { get; } = new();

    public SourceCapabilities Capabilities => new()
    {
        HasNodes = true, Events = this, Verification = this,
        Requests = () => Requests.Read().Select(r => new ServerRequests(r.Key.Code, r.Key.Method, r.Key.Host, r.Value)),
    };

    public SourceStatus Status => feed.StatusOf(api.Description);

    public async IAsyncEnumerable<ClusterSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var current = feed = new ClusterFeed(options.NodeName, time, logger);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // It ends only by cancellation; should it ever fail otherwise, the reader must get to know.
        var ended = RunReflectorsAsync(current, stop.Token);
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
            await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task WriteAsync(EventPost post, CancellationToken cancellationToken) => api.CreateEventAsync(post, cancellationToken);

    /// <inheritdoc/>
    public Task<SourceVerification> VerifyAsync(bool fromCache, bool repair, CancellationToken cancellationToken)
        => newVerification?.Invoke(fromCache) is { Count: > 0 } collections
            ? new SourceVerifier(collections, options.VerifyGrace, time).RunAsync(repair, cancellationToken)
            : throw new IOException($"{api.Description} has not been read completely yet");

    /// <summary>An API that was given is its giver's.</summary>
    public void Dispose()
    {
        if (connection is not null) ((IDisposable)api).Dispose();
    }

    /// <summary>
    /// Runs the reflectors, and again from their lists with each new connection: resource versions of another server mean nothing here.
    /// What the feed knows stays in force meanwhile.
    /// </summary>
    private async Task RunReflectorsAsync(ClusterFeed current, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var generation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var services = Create(
                ApiResources.Services, new ApiSelector(NotHeadlessLabel, NotHeadless) { FieldSelectorIsOptional = true }, current.Services);
            var slices = Create(ApiResources.EndpointSlices, new ApiSelector(NotIgnored), current.Slices);
            var ownOrAll = options.AllNodes ? new ApiSelector() : new ApiSelector(Fields: $"metadata.name={options.NodeName}");
            var node = Create(ApiResources.Nodes, ownOrAll, current.Nodes);
            var cidrs = Create(ApiResources.ServiceCidrs, new ApiSelector(), current.ServiceCidrs, isOptional: true);
            newVerification = fromCache => !current.IsSynced ? [] :
            [
                new CollectionVerification<Service>("Service", services, current.Services, fromCache),
                new CollectionVerification<EndpointSlice>("EndpointSlice", slices, current.Slices, fromCache),
                new CollectionVerification<Node>("Node", node, current.Nodes, fromCache),
            ];
            Task[] reflectors = [
                Run(services, generation.Token), Run(slices, generation.Token), Run(node, generation.Token), Run(cidrs, generation.Token)];
            var next = NextConnectionAsync(generation.Token);
            var first = await Task.WhenAny([next, .. reflectors]);
            await generation.CancelAsync();
            await Task.WhenAll(reflectors).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
            Use(await next);
        }
    }

    private async Task<ApiConnection> NextConnectionAsync(CancellationToken cancellationToken)
    {
        if (connection?.File is { } file) return await file.NextAsync(options.ReloadPeriod, time, logger, cancellationToken);
        await time.DelayAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("unreachable");
    }

    private void Use(ApiConnection other)
    {
        var old = (IDisposable)api;
        api = CreateApi(other, options, time, random, logger, Requests);
        connection = other;
        old.Dispose();
    }

    private Reflector<T> Create<T>(ApiResource<T> resource, ApiSelector selector, IReflectorSink<T> sink, bool isOptional = false)
        where T : class => new(api, resource, selector, sink, options.Reflector, time, new Random(random.Next()), logger, isOptional);

    private static Task Run<T>(Reflector<T> reflector, CancellationToken cancellationToken)
        where T : class => Task.Run(() => reflector.RunAsync(cancellationToken), cancellationToken);

    private static KubernetesApi CreateApi(
        ApiConnection connection, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger logger,
        out RequestCounts requests)
        => CreateApi(connection, options, time, random, logger, requests = new RequestCounts());

    private static KubernetesApi CreateApi(
        ApiConnection connection, ApiServerSourceOptions options, TimeProvider time, Random random, ILogger logger, RequestCounts requests)
    {
        var wire = new WireCatalog(warning => Log.ObjectPartlyIgnored(logger, warning));
        return new KubernetesApi(connection, wire, options.Timeouts, time, new Random(random.Next()), counts: requests,
            report: error => Log.CredentialsNotUsable(logger, error));
    }
}
