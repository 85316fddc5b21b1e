using System.Globalization;
using System.Net;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EbpfLb.Http.Page;

/// <summary>
/// The status page: plain HTML at one path, only to be read. Whoever reaches the address may ask, so what it shows is an option, and what
/// it costs has a limit: see <see cref="AnswerBudget"/>.
/// </summary>
public sealed class PageEndpoints(IPageReadings readings, TimeProvider time) : IDisposable
{
    public const string Path = "/page";

    private const string ContentType = "text/html; charset=utf-8";

    /// <summary>Of a CPU, for all other machines and pods together. A usual page takes a few milliseconds.</summary>
    private const double ShareOfOthers = 0.1;

    /// <summary>Of a CPU: on a node with too much to do pages take longer, and its administrator shall see them all the same.</summary>
    private const double ShareOfNode = 0.5;

    private const int MostDrops = 100;

    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    private readonly AnswerBudget others = new(ShareOfOthers, Burst, time);

    /// <summary>Of this machine to itself, so that nobody outside keeps its administrator from the page.</summary>
    private readonly AnswerBudget local = new(ShareOfNode, Burst, time);

    public IEnumerable<Route> Routes => [Route.Get(Path, AnswerAsync)];

    public void Dispose()
    {
        others.Dispose();
        local.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var content = readings.Content;
        if (content == PageContent.Off)
        {
            await Respond.TextAsync(context, "the status page is off; set statusPage to summary or full\n",
                status: StatusCodes.Status404NotFound);
            return;
        }
        if (!PageHost.IsOwn(context.Request.Host.Host, readings.HostNames))
        {
            await Respond.TextAsync(context,
                "the status page is not shown under this name, as a page of elsewhere could ask by it: use the node's address or name, or "
                    + "localhost, or add the name to statusPageHosts\n",
                status: StatusCodes.Status403Forbidden);
            return;
        }
        var (status, page) = (StatusCodes.Status200OK, Array.Empty<byte>());
        var wait = await (IsLocal(context) ? local : others).RunAsync(
            async () => (status, page) = await MakeAsync(PageQuery.Read(context.Request.Query), content, context.RequestAborted),
            context.RequestAborted);
        if (wait is { } seconds)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(Math.Max(1, seconds.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            await Respond.TextAsync(context, "too many pages were asked for: each costs the agent time; try again later\n",
                status: StatusCodes.Status503ServiceUnavailable);
            return;
        }
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = PageStyle.Policy;
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        await Respond.BytesAsync(context, status, page, ContentType);
    }

    private async Task<(int Status, byte[] Page)> MakeAsync(PageQuery query, PageContent content, CancellationToken cancellationToken)
    {
        var view = query.View ?? (content == PageContent.Full ? PageView.Services : PageView.Health);
        var html = new HtmlWriter();
        var head = readings.Head();
        var status = StatusCodes.Status200OK;
        PageLayout.Begin(html, head, view, content, view == PageView.Service ? query.Name?.ToString() ?? "Service" : view.ToString());
        if (content != PageContent.Full && !PageLayout.IsSummary(view))
        {
            status = StatusCodes.Status403Forbidden;
            html.Add($"<p>This view names objects and addresses of the cluster. It is shown when <code>statusPage</code> is full.</p>\n");
        }
        else
        {
            status = await WriteAsync(html, head, view, query, content == PageContent.Full, cancellationToken);
        }
        // What somebody fills in, or what costs much, stays as it is.
        var isLive = view != PageView.Explain && !query.WithFlows && status == StatusCodes.Status200OK;
        PageLayout.End(html, head, isLive ? query with { View = view } : null);
        return (status, html.ToBytes());
    }

    private async Task<int> WriteAsync(
        HtmlWriter html, PageHead head, PageView view, PageQuery query, bool isFull, CancellationToken cancellationToken)
    {
        switch (view)
        {
            case PageView.Service:
                return await WriteServiceAsync(html, query, cancellationToken);
            case PageView.Drops:
                var drops = isFull ? await readings.DropsAsync(MostDrops, cancellationToken) : null;
                DropsView.Write(html, await readings.StatusAsync(cancellationToken), drops);
                break;
            case PageView.Events:
                StateViews.WriteEvents(html, readings.Events());
                break;
            case PageView.Attachments:
                StateViews.WriteAttachments(html, await readings.StatusAsync(cancellationToken));
                break;
            case PageView.Health:
                StateViews.WriteHealth(html, head, await readings.StatusAsync(cancellationToken), isFull);
                break;
            case PageView.Explain:
                ExplainView.Write(html, query.Question,
                    query.Question is { } question ? await readings.ExplainAsync(question, cancellationToken) : null);
                break;
            default:
                ServicesView.Write(
                    html, readings.FindServices(new ServiceSearch(query.Text, query.Order, query.First, PageQuery.LinesOfPage)), query);
                break;
        }
        return StatusCodes.Status200OK;
    }

    private async Task<int> WriteServiceAsync(HtmlWriter html, PageQuery query, CancellationToken cancellationToken)
    {
        var service = query.Name is { } name ? await readings.FindServiceAsync(name, query.WithFlows, cancellationToken) : null;
        if (service is not null)
        {
            ServiceView.Write(html, service, query);
            return StatusCodes.Status200OK;
        }
        if (readings.FindServices(new ServiceSearch("", ServiceOrder.Name, 0, 0)).IsKnown)
            ServiceView.WriteMissing(html, query.Name?.ToString() ?? "");
        else ServicesView.WriteNotKnown(html);
        return StatusCodes.Status404NotFound;
    }

    private static bool IsLocal(HttpContext context)
        => context.Features.Get<IHttpConnectionFeature>() is { RemoteIpAddress: { } from, LocalIpAddress: { } to }
            && ConnectionLimits.Default.IsLocal(Plain(from), Plain(to));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
