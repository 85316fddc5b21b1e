using System.Net;
using EbpfLb.Http.Page;
using EbpfLb.Http.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.Page;

/// <summary>The page on a real Kestrel on a free loopback port.</summary>
internal sealed class ServedPage : IAsyncDisposable
{
    private readonly KestrelListener listener;
    private readonly PageEndpoints endpoints;
    private readonly HttpClient client;

    private ServedPage(KestrelListener listener, PageEndpoints endpoints)
    {
        (this.listener, this.endpoints) = (listener, endpoints);
        client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{listener.Port}") };
    }

    public static async Task<ServedPage> StartAsync(IPageReadings readings, TimeProvider? time = null)
    {
        var endpoints = new PageEndpoints(readings, time ?? TimeProvider.System);
        return new ServedPage(
            await KestrelListener.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), new RouteTable([.. endpoints.Routes]),
                NullLoggerFactory.Instance, TestContext.Current.CancellationToken),
            endpoints);
    }

    public async Task<HttpResponseMessage> SendAsync(string query, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, PageEndpoints.Path + query);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <param name="host">The Host header; null: that of the address.</param>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string query, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PageEndpoints.Path + query) { Headers = { Host = host } };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await listener.DisposeAsync();
        endpoints.Dispose();
    }
}
