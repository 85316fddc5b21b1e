using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Control;

/// <summary>
/// Answers the other commands on a unix socket that only its owner may use (mode 0600). Without it the agent works all
/// the same; the commands then read the pinned maps.
/// </summary>
/// <remarks>The caller holds the instance's lock, so a socket file that is there already is a leftover.</remarks>
internal sealed class ControlServer(string path, IInstanceView view, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    public const string VerifyPath = "/verify";

    /// <summary>What /metrics answers, made anew for each who asks: only root can. null: there is none.</summary>
    public Func<CancellationToken, Task<ReadOnlyMemory<byte>>>? Metrics { get; init; }

    private readonly ILogger logger = loggers.CreateLogger<ControlServer>();
    private KestrelListener? listener;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            File.Delete(path);
            listener = await KestrelListener.StartAsync(
                new UnixDomainSocketEndPoint(path), Routes, loggers, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or ArgumentException)
        {
            Log.ControlUnavailable(logger, path, e.Message);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref listener, null) is not { } open) return;
        await open.DisposeAsync();
        File.Delete(path);
    }

    private RouteTable Routes => new(
    [
        Get("/status", context => AnswerAsync(context, view.StatusAsync, ControlJson.Default.StatusReport)),
        Get("/services", ServicesAsync),
        Get("/backends", BackendsAsync),
        Get("/config", ConfigAsync),
        // It may write, so it is asked for with POST.
        Route.Post(VerifyPath, VerifyAsync, Asker.Owner),
        .. Metrics is { } export ? (Route[])[Get("/metrics", context => MetricsAsync(context, export))] : [],
        .. new FlowRequests(view.Flows).Routes,
        .. new ExplainRequests(view.Explanations).Routes,
        .. new DrainRequests(view.Drains).Routes,
        .. new HistoryRequests(view.History).Routes,
        .. new TraceRequests(view.Traces).Routes,
    ]);

    private static Route Get(string path, RequestDelegate handler) => Route.Get(path, handler, Asker.Owner);

    private Task ServicesAsync(HttpContext context)
        => AnswerAsync(context, token => view.ServicesAsync(QueryOf(context), token), ControlJson.Default.ServicesReport);

    private Task BackendsAsync(HttpContext context)
        => AnswerAsync(context, token => view.BackendsAsync(QueryOf(context), token), ControlJson.Default.BackendsReport);

    private async Task ConfigAsync(HttpContext context)
        => await Respond.TextAsync(context, await view.ConfigAsync(context.RequestAborted) ?? "{}", "application/json");

    private static async Task MetricsAsync(HttpContext context, Func<CancellationToken, Task<ReadOnlyMemory<byte>>> export)
        => await Respond.BytesAsync(
            context, StatusCodes.Status200OK, await export(context.RequestAborted), MetricRegistry.ContentType);

    private Task VerifyAsync(HttpContext context) => AnswerAsync(
        context, token => view.VerifyAsync(context.Request.Query["repair"] != "false", token), ControlJson.Default.VerifyReport);

    private static async Task AnswerAsync<T>(HttpContext context, Func<CancellationToken, Task<T>> answer, JsonTypeInfo<T> type)
    {
        try
        {
            await Respond.StreamJsonAsync(context, await answer(context.RequestAborted), type);
        }
        catch (NotKnownYetException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status503ServiceUnavailable);
        }
        catch (UnknownServiceException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status404NotFound);
        }
    }

    private static ServiceQuery QueryOf(HttpContext context)
        => ServiceQuery.Read(key => context.Request.Query.TryGetValue(key, out var value) ? value.ToString() : null);
}
