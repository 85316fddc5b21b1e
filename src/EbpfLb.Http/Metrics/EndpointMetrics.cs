using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>Service ports of one family whose traffic policy is Local and which have endpoints, but none on this node.</summary>
/// <param name="Policy">"internal" or "external".</param>
public sealed record NoLocalEndpointsReading(IpFamily Family, string Policy, int Ports);

/// <summary>What the forwarding table says of endpoints, observed when the metrics are read.</summary>
public sealed class EndpointMetrics
{
    public EndpointMetrics(Meter meter, Func<IReadOnlyList<NoLocalEndpointsReading>> readings)
        // A gauge in spite of its name: it is kube-proxy's, and so are its dashboards.
        => meter.CreateObservableGauge("kubeproxy_sync_proxy_rules_no_local_endpoints_total",
            () => readings().Select(r => new Measurement<long>(r.Ports, new("ip_family", r.Family.ToString()), new("traffic_policy", r.Policy))), null,
            "Service ports with traffic policy Local that have endpoints, but none on this node");
}
