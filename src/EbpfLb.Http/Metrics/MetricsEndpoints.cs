using EbpfLb.Http.Page;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Metrics;

/// <summary>What kube-proxy's metrics server answers (docs/contract.md 14).</summary>
/// <param name="time">Of what is asked for too often the last page is answered: <see cref="BudgetedPage"/>.</param>
public sealed class MetricsEndpoints(MetricRegistry metrics, SliMetrics slis, DebugPages pages, TimeProvider time)
{
    /// <summary>The answer of /proxyMode: kube-proxy's are iptables, ipvs and nftables, and none of their tables is here.</summary>
    public const string ProxyMode = "ebpf";

    /// <summary>Longest body that is taken: a number.</summary>
    private const int BodyBytes = 64;

    private const string NotForMachines = "Its form may change with any version: it is for people, not for programs.\n\n";

    private readonly BudgetedPage all = new(metrics.ExportAsync, time);
    private readonly BudgetedPage checks = new(cancellationToken => slis.ExportAsync(cancellationToken), time);

    /// <summary>null: there is none.</summary>
    public PageEndpoints? Page { get; init; }

    /// <summary>
    /// All but the page are answered whatever the Host header says: monitoring asks by names that the agent cannot know.
    /// </summary>
    public RouteTable Routes => new(
    [
        Route.Get("/metrics", context => PageAsync(context, all)),
        Route.Get("/metrics/slis", context => PageAsync(context, checks)),
        Route.Get("/healthz", context => Respond.TextAsync(context, "ok")),
        Route.Get("/proxyMode", context => Respond.TextAsync(context, ProxyMode)),
        Route.Get("/configz", context => Respond.TextAsync(context, pages.Configuration(), "application/json")),
        Route.Get("/flagz", context => Respond.TextAsync(context, "ebpflb flagz\n" + NotForMachines + pages.Flags())),
        Route.Get("/statusz", context => Respond.TextAsync(context, "ebpflb statusz\n" + NotForMachines + pages.Status())),
        .. Page?.Routes ?? [],
        .. Profiling(),
    ]);

    private IEnumerable<Route> Profiling() => pages.SetVerbosity is not { } set ? [] :
    [
        new Route(HttpMethods.Put, "/debug/flags/v", context => SetVerbosityAsync(context, set), BodyBytes: BodyBytes),
        Route.Get("/debug/pprof*", NoProfilesAsync),
    ];

    private static Task NoProfilesAsync(HttpContext context) => Respond.TextAsync(
        context,
        "there are no Go profiles here: this agent is a .NET process; use dotnet-trace or dotnet-counters, or perf for the BPF programs\n",
        status: StatusCodes.Status404NotFound);

    private static async Task PageAsync(HttpContext context, BudgetedPage page)
        => await Respond.BytesAsync(
            context, StatusCodes.Status200OK, await page.GetAsync(context.RequestAborted), MetricRegistry.ContentType);

    private static async Task SetVerbosityAsync(HttpContext context, Func<string, string?> set)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = (await reader.ReadToEndAsync(context.RequestAborted)).Trim();
        if (set(text) is { } refused) await Respond.TextAsync(context, refused + "\n", status: StatusCodes.Status400BadRequest);
        else await Respond.TextAsync(context, $"verbosity is {text} now\n");
    }
}
