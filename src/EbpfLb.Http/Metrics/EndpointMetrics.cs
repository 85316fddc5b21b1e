using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>Service ports of one family whose traffic policy is Local and which have endpoints, but none on this node.</summary>
/// <param name="Policy">"internal" or "external".</param>
public sealed record NoLocalEndpointsReading(IpFamily Family, string Policy, int Ports);

/// <summary>What the forwarding table says of endpoints, read when the metrics are.</summary>
public sealed class EndpointMetrics
{
    public EndpointMetrics(MetricRegistry metrics, Func<IReadOnlyList<NoLocalEndpointsReading>> readings)
        // A gauge in spite of its name: it is kube-proxy's, and so are its dashboards.
        => metrics.ObserveGauge("kubeproxy_sync_proxy_rules_no_local_endpoints_total",
            "Service ports with traffic policy Local that have endpoints, but none on this node", [PerFamily.Label, "traffic_policy"],
            () => readings().Select(r => new Reading(r.Ports, r.Family.ToString(), r.Policy)));
}
