using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using EbpfLb.Testing.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Testing.ApiServer;

/// <summary>
/// A Kubernetes API server for tests, on Kestrel so that real HTTP and real JSON are under test: lists in pages, watches
/// with bookmarks, 410 in both forms, selectors, TLS, and misbehaviour on demand (<see cref="Faults"/>). It answers as
/// the recordings of a real server do.
/// </summary>
public sealed class FakeApiServer : IAsyncDisposable
{
    private readonly FakeApiServerOptions options;
    private readonly FakeStore store = new();
    private readonly FakeWatches watches = new();
    private readonly FakeEvents events = new();
    private readonly ConcurrentQueue<FakeRequest> requests = [];
    private WebApplication? app;
    private Socket? listener;
    private Socket? reservation;
    private int port;

    private FakeApiServer(FakeApiServerOptions options)
    {
        this.options = options;
        port = options.Port;
    }

    public FakeFaults Faults { get; } = new();

    /// <summary>http(s)://127.0.0.1:port.</summary>
    public Uri Url => new($"{(options.Certificate is null ? "http" : "https")}://127.0.0.1:{port}");

    /// <summary>All requests so far, oldest first.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. requests];

    /// <summary>The Events that were posted, oldest first.</summary>
    public IReadOnlyList<JsonObject> Events => events.All;

    /// <summary>The newest resourceVersion.</summary>
    public string ResourceVersion => $"{store.Version}";

    /// <summary>How many watches are open.</summary>
    public int OpenWatches => watches.Count;

    public static async Task<FakeApiServer> StartAsync(FakeApiServerOptions? options = null)
    {
        var server = new FakeApiServer(options ?? new FakeApiServerOptions());
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Adds or replaces an object: JSON with kind and metadata.name; resourceVersion and uid are the server's.</summary>
    public void Apply(string json) => store.Put(JsonNode.Parse(json)!.AsObject());

    /// <inheritdoc cref="Apply(string)"/>
    public void Apply(JsonObject json) => store.Put(json);

    public void Delete(FakeResource resource, string name, string? ns = null) => store.Delete(resource, FakeStore.KeyOf(ns, name));

    /// <summary>Adds a large cluster quickly, without history.</summary>
    public void Load(FakeCluster cluster)
    {
        store.Load(FakeResource.Services, cluster.Services());
        store.Load(FakeResource.EndpointSlices, cluster.Slices());
    }

    /// <summary>The same with objects of the caller's own making: JSON without kind, for its resourceVersion.</summary>
    public void Load(FakeResource resource, IEnumerable<(string Key, Func<ulong, byte[]> Body)> objects) => store.Load(resource, objects);

    /// <summary>Adds or replaces such an object.</summary>
    /// <param name="key">Namespace/name.</param>
    public void Put(FakeResource resource, string key, Func<ulong, byte[]> body) => store.PutBody(resource, key, body);

    /// <summary>Replaces one endpoint of a Service of a large cluster.</summary>
    public void ReplaceEndpoint(FakeCluster cluster, int service)
    {
        var (key, body) = cluster.SliceWithOtherEndpoint(service);
        store.PutBody(FakeResource.EndpointSlices, key, body);
    }

    /// <summary>Sends a BOOKMARK on every watch that asked for them.</summary>
    public void SendBookmarks() => watches.Tell(FakeWatchOrder.Bookmark);

    /// <summary>Ends all watches in an orderly way, as when their timeoutSeconds are over.</summary>
    public void EndWatches() => watches.Tell(FakeWatchOrder.End);

    /// <summary>Breaks the connection of all watches.</summary>
    public void CutWatches() => watches.Tell(FakeWatchOrder.Cut);

    /// <summary>Writes half an event on all watches and breaks their connections.</summary>
    public void CutWatchesMidLine() => watches.Tell(FakeWatchOrder.CutMidLine);

    /// <summary>Sends an ERROR event 410 on all watches and ends them.</summary>
    public void ExpireWatches() => watches.Tell(FakeWatchOrder.Expire);

    /// <summary>Writes bytes that are no event on all watches.</summary>
    public void SendGarbage() => watches.Tell(FakeWatchOrder.Garbage);

    /// <summary>
    /// Tells all watches again of changes that were long ago, in any order: duplicates, and objects as they are no more.
    /// </summary>
    public void RepeatEvents(Random random, int count) => store.Repeat(random, count);

    /// <summary>Forgets the history: older resource versions and continue tokens are expired.</summary>
    public void Compact() => store.Compact();

    /// <summary>Forgets all but the newest changes, as a server that has run for long.</summary>
    public void Compact(int keep) => store.Compact(keep);

    /// <summary>Empties the store without events; older resource versions are expired.</summary>
    public void Reset() => store.Reset();

    /// <summary>Goes away: the port refuses connections and open ones break.</summary>
    public async Task StopAsync()
    {
        if (app is not { } running) return;
        app = null;
        watches.Tell(FakeWatchOrder.Cut);
        Faults.Release();
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        try
        {
            await running.StopAsync(atOnce.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping without grace says so by this exception.
        }
        await running.DisposeAsync();
        // Not before: Kestrel would go on with a number that may be another socket's by then.
        // A process that another test starts at this moment holds a copy of the socket until its execve(2): it must not listen any more.
        listener!.Shutdown(SocketShutdown.Both);
        listener.Dispose();
    }

    /// <summary>Comes back on the same port.</summary>
    public async Task StartAgainAsync()
    {
        if (options.Netns is null) ReservePort();
        // A socket stays in the namespace that it was created in; Kestrel uses its handle but does not close it.
        listener = NetnsListener.Listen(options.Netns, new IPEndPoint(IPAddress.Loopback, port));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = null;
            kestrel.ListenHandle((ulong)listener.SafeHandle.DangerousGetHandle(), Listen);
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(1));
        var started = builder.Build();
        var handler = new FakeHandler(options, store, watches, events, Faults, requests.Enqueue, started.Lifetime.ApplicationStopping);
        started.Run(handler.HandleAsync);
        await started.StartAsync();
        port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        app = started;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        reservation?.Dispose();
    }

    /// <summary>
    /// Keeps the port while the server is away: a socket that is bound and does not listen. Connections are refused, nobody else gets
    /// the port, and the listener may share it (both set SO_REUSEADDR).
    /// </summary>
    private void ReservePort()
    {
        if (reservation is not null) return;
        reservation = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reservation.Bind(new IPEndPoint(IPAddress.Loopback, port));
        port = ((IPEndPoint)reservation.LocalEndPoint!).Port;
    }

    private void Listen(ListenOptions listen)
    {
        listen.Protocols = options.Certificate is not null && options.Http2 ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
        if (options.Certificate is null) return;
        var context = SslStreamCertificateContext.Create(options.Certificate, options.CertificateChain, offline: true);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = hello =>
            {
                hello.Connection.Items[FakeHandler.ServerNameItem] = hello.ClientHelloInfo.ServerName;
                return new(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = context,
                    ClientCertificateRequired = options.ClientAuthority is not null,
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) => certificate is null
                        || options.ClientAuthority?.Issued((X509Certificate2)certificate, chain?.ChainPolicy.ExtraStore) == true,
                });
            },
        });
    }
}
