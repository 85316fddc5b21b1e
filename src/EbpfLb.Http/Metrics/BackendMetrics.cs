using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>What one backend of a service port of one family has seen, on this node.</summary>
/// <param name="Backend">"10.1.0.1:80" or "[fd00::1]:80".</param>
/// <param name="Connections">TCP connections, connected UDP sockets and flows of clients outside, begun.</param>
/// <param name="Open">Of those, open now.</param>
public sealed record BackendReading(
    ObjectName Service, string Port, string Protocol, string Family, string Backend, long Connections, long Open)
{
    /// <summary>null: not counted.</summary>
    public TrafficReading? Traffic { get; init; }
}

/// <summary>Counters of backends, for no more than were asked for.</summary>
/// <param name="LeftOut">How many have no series.</param>
public sealed record BackendReadings(IReadOnlyList<BackendReading> Own, int LeftOut);

/// <summary>Counters of each backend; without series while the reading is null.</summary>
public sealed class BackendMetrics
{
    private static readonly string[] Labels = ["namespace", "service", "port", "protocol", "ip_family", "backend"];

    public BackendMetrics(MetricRegistry metrics, Func<BackendReadings?> read)
    {
        metrics.ObserveCounter("ebpflb_backend_connections_total",
            "Connections and flows of this node to the backend that were begun; from 0 again when the backend is removed and comes back",
            Labels, () => read() is { } all ? all.Own.Select(r => Of(r, r.Connections)) : []);
        metrics.ObserveGauge("ebpflb_backend_open_connections", "Connections and flows of this node to the backend that are open",
            Labels, () => read() is { } all ? all.Own.Select(r => Of(r, r.Open)) : []);
        TrafficReading.Observe(
            metrics, "ebpflb_backend", "the backend", Labels, () => read() is { } all ? all.Own : [], r => r.Traffic, LabelsOf);
        metrics.ObserveGauge("ebpflb_service_backends", "Backends of service ports by whether they have series of their own, or none",
            ["series"], () => read() is { } all ? [new Reading(all.Own.Count, "own"), new Reading(all.LeftOut, "none")] : []);
    }

    private static Reading Of(BackendReading reading, long value) => new(value, LabelsOf(reading));

    private static string[] LabelsOf(BackendReading reading)
        => [reading.Service.Namespace, reading.Service.Name, reading.Port, reading.Protocol, reading.Family, reading.Backend];
}
