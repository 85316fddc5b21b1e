using System.Net;
using EbpfLb.Http.Health;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Server;
using EbpfLb.Http.Tests.Metrics;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.Server;

/// <summary>The real endpoints on a real Kestrel on a free loopback port.</summary>
internal sealed class ServedEndpoints : IAsyncDisposable
{
    private readonly KestrelListener listener;

    private ServedEndpoints(KestrelListener listener)
    {
        this.listener = listener;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{listener.Port}") };
    }

    public HttpClient Client { get; }

    public static Task<ServedEndpoints> HealthAsync(IProxyHealth health, AllMetrics metrics)
        => ServeAsync(new HealthEndpoints(health, metrics.Health).Routes);

    public static Task<ServedEndpoints> MetricsAsync(
        AllMetrics metrics, DebugPages? pages = null, SliMetrics? slis = null, TimeProvider? time = null) => ServeAsync(
        new MetricsEndpoints(
            metrics.Registry, slis!, pages ?? new DebugPages(() => "{}", () => "", () => "", null), time ?? TimeProvider.System).Routes);

    private static async Task<ServedEndpoints> ServeAsync(RouteTable routes)
        => new(await KestrelListener.StartAsync(
        new IPEndPoint(IPAddress.Loopback, 0), routes, NullLoggerFactory.Instance, TestContext.Current.CancellationToken));

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await listener.DisposeAsync();
    }
}
