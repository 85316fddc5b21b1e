using EbpfLb.Http.Prometheus;
using EbpfLb.Http.Serving;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Metrics;

/// <summary>What kube-proxy's metrics server answers (contract section 14): /metrics, /healthz and /proxyMode.</summary>
public sealed class MetricsEndpoints(PrometheusExporter exporter)
{
    /// <summary>The answer of /proxyMode.</summary>
    public const string ProxyMode = "ebpf";

    public Task HandleAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/metrics" => Respond.TextAsync(context, exporter.Export(), PrometheusExporter.ContentType),
        "/healthz" => Respond.TextAsync(context, "ok"),
        "/proxyMode" => Respond.TextAsync(context, ProxyMode),
        _ => Respond.NotFoundAsync(context, "/metrics", "/healthz", "/proxyMode"),
    };
}
