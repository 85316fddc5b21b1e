using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Model;
using EbpfLb.Testing.ApiServer;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>A source that reads a fake API server over real HTTP; waiting times are short, and nothing depends on them.</summary>
public abstract class SourceTest : IAsyncLifetime
{
    private readonly CancellationTokenSource stop = new();

    private protected FakeApiServer Server { get; set; } = null!;

    private protected ApiServerSource Source { get; private set; } = null!;

    private protected IAsyncEnumerator<ClusterSnapshot> Snapshots { get; private set; } = null!;

    private protected ApiServerSourceOptions Options { get; set; } = new("node-1")
    {
        Reflector = new ReflectorOptions { FirstRetry = TimeSpan.FromMilliseconds(5), LongestRetry = TimeSpan.FromMilliseconds(20) },
    };

    /// <summary>The server, and the source that reads it.</summary>
    public abstract ValueTask InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (Snapshots is { } snapshots) await snapshots.DisposeAsync();
        Source?.Dispose();
        await Server.DisposeAsync();
        stop.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Start(params Uri[] servers)
    {
        Source?.Dispose();
        Source = new ApiServerSource(
            new ApiConnection(servers, "test"), Options, TimeProvider.System, new Random(1), NullLogger<ApiServerSource>.Instance);
        Snapshots = Source.ReadAsync(stop.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads snapshots until one satisfies; the test's own time limit ends a wait without success.</summary>
    private protected async Task<ClusterSnapshot> Until(Func<ClusterSnapshot, bool> satisfies)
    {
        while (true)
        {
            Assert.True(
                await Snapshots.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken));
            if (satisfies(Snapshots.Current)) return Snapshots.Current;
        }
    }
}
