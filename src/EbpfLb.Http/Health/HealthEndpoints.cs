using EbpfLb.Http.Metrics;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Health;

/// <summary>
/// /healthz and /livez with kube-proxy's status rules (docs/contract.md 10), and /readyz, which says what keeps the agent from
/// serving all of the cluster's state.
/// </summary>
public sealed class HealthEndpoints(IProxyHealth health, HealthMetrics metrics)
{
    public RouteTable Routes
        => new([Route.Get("/healthz", HealthzAsync), Route.Get("/livez", LivezAsync), Route.Get("/readyz", ReadyzAsync)]);

    private Task HealthzAsync(HttpContext context)
    {
        var report = health.Report();
        var status = StatusOf(report.Healthy && report.NodeEligible);
        metrics.RecordHealthz(status);
        return Respond.JsonAsync(context, status, HealthBody.Of(report, withNode: true), HealthJson.Default.HealthBody);
    }

    private Task LivezAsync(HttpContext context)
    {
        var report = health.Report();
        var status = StatusOf(report.Healthy);
        metrics.RecordLivez(status);
        return Respond.JsonAsync(context, status, HealthBody.Of(report, withNode: false), HealthJson.Default.HealthBody);
    }

    private Task ReadyzAsync(HttpContext context)
    {
        var report = health.Readiness();
        return Respond.JsonAsync(context, StatusOf(report.Ready), new ReadinessBody(report.Ready, report.Reasons, report.MissingFeatures),
            HealthJson.Default.ReadinessBody);
    }

    private static int StatusOf(bool good) => good ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
