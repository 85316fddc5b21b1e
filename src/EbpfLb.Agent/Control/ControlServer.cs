using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Http.Serving;
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

    private readonly ILogger logger = loggers.CreateLogger<ControlServer>();
    private readonly FlowRequests flows = new(view.Flows);
    private readonly ExplainRequests explanations = new(view.Explanations);
    private KestrelListener? listener;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            File.Delete(path);
            listener = await KestrelListener.StartAsync(
                new UnixDomainSocketEndPoint(path), HandleAsync, loggers, cancellationToken, FlowRequests.MostBytes);
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

    private Task HandleAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/status" => AnswerAsync(context, view.StatusAsync, ControlJson.Default.StatusReport),
        "/services" => AnswerAsync(context, token => view.ServicesAsync(QueryOf(context), token), ControlJson.Default.ServicesReport),
        "/backends" => AnswerAsync(context, token => view.BackendsAsync(QueryOf(context), token), ControlJson.Default.BackendsReport),
        VerifyPath => VerifyAsync(context),
        "/config" => ConfigAsync(context),
        ExplainRequests.One => explanations.OneAsync(context),
        ExplainRequests.Lines => explanations.LinesAsync(context),
        _ => flows.HandleAsync(context, () => Respond.NotFoundAsync(
            context, "/status", "/services", "/backends", "/config", VerifyPath, FlowRequests.List, FlowRequests.Count, FlowRequests.Flush,
            FlowRequests.Drops,
            ExplainRequests.One, ExplainRequests.Lines)),
    };

    private async Task ConfigAsync(HttpContext context)
        => await Respond.TextAsync(context, await view.ConfigAsync(context.RequestAborted) ?? "{}", "application/json");

    /// <summary>It may write, so it is asked for with POST.</summary>
    private async Task VerifyAsync(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method))
            await AnswerAsync(
                context, token => view.VerifyAsync(context.Request.Query["repair"] != "false", token), ControlJson.Default.VerifyReport);
        else
            await Respond.TextAsync(context, "ask for it with POST\n", status: StatusCodes.Status405MethodNotAllowed);
    }

    private static async Task AnswerAsync<T>(HttpContext context, Func<CancellationToken, Task<T>> answer, JsonTypeInfo<T> type)
    {
        try
        {
            await Respond.StreamJsonAsync(context, await answer(context.RequestAborted), type);
        }
        catch (UnknownServiceException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status404NotFound);
        }
    }

    private static ServiceQuery QueryOf(HttpContext context)
        => ServiceQuery.Read(key => context.Request.Query.TryGetValue(key, out var value) ? value.ToString() : null);
}
