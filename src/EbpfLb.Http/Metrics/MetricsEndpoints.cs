using EbpfLb.Http.Serving;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Metrics;

/// <summary>What kube-proxy's metrics server answers (docs/contract.md 14).</summary>
public sealed class MetricsEndpoints(MetricRegistry metrics, SliMetrics slis, DebugPages pages)
{
    /// <summary>The answer of /proxyMode: kube-proxy's are iptables, ipvs and nftables, and none of their tables is here.</summary>
    public const string ProxyMode = "ebpf";

    /// <summary>Longest body that is taken: a number.</summary>
    public const int BodyBytes = 64;

    private const string NotForMachines = "Its form may change with any version: it is for people, not for programs.\n\n";

    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path == "/debug/flags/v" && pages.SetVerbosity is not null) return SetVerbosityAsync(context, pages.SetVerbosity);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return Respond.NotAllowedAsync(context, "GET, HEAD");
        return path switch
        {
            "/metrics" => PageAsync(context, metrics.ExportAsync),
            "/metrics/slis" => PageAsync(context, slis.ExportAsync),
            "/healthz" => Respond.TextAsync(context, "ok"),
            "/proxyMode" => Respond.TextAsync(context, ProxyMode),
            "/configz" => Respond.TextAsync(context, pages.Configuration(), "application/json"),
            "/flagz" => Respond.TextAsync(context, "ebpflb flagz\n" + NotForMachines + pages.Flags()),
            "/statusz" => Respond.TextAsync(context, "ebpflb statusz\n" + NotForMachines + pages.Status()),
            _ when path.StartsWith("/debug/pprof", StringComparison.Ordinal) && pages.SetVerbosity is not null => Respond.TextAsync(
                context,
                "there are no Go profiles here: this agent is a .NET process; use "
                    + "dotnet-trace or dotnet-counters, or perf for the BPF programs\n",
                status: StatusCodes.Status404NotFound),
            _ => Respond.NotFoundAsync(context, "/metrics", "/metrics/slis", "/healthz", "/proxyMode", "/configz", "/flagz", "/statusz"),
        };
    }

    private static async Task PageAsync(HttpContext context, Func<CancellationToken, Task<ReadOnlyMemory<byte>>> export)
        => await Respond.BytesAsync(context, StatusCodes.Status200OK, await export(context.RequestAborted), MetricRegistry.ContentType);

    private static async Task SetVerbosityAsync(HttpContext context, Func<string, string?> set)
    {
        if (!HttpMethods.IsPut(context.Request.Method))
        {
            await Respond.NotAllowedAsync(context, "PUT");
            return;
        }
        using var reader = new StreamReader(context.Request.Body);
        var text = (await reader.ReadToEndAsync(context.RequestAborted)).Trim();
        if (set(text) is { } refused) await Respond.TextAsync(context, refused + "\n", status: StatusCodes.Status400BadRequest);
        else await Respond.TextAsync(context, $"verbosity is {text} now\n");
    }
}
