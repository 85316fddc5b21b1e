using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>What one service port of one family has seen.</summary>
/// <param name="Connections">TCP connections, connected UDP sockets and flows of clients outside, begun.</param>
/// <param name="Datagrams">Of unconnected UDP sockets.</param>
/// <param name="Refused">Connections and datagrams refused for want of an endpoint.</param>
public sealed record ServiceReading(
    ObjectName Service, string Port, string Protocol, string Family, long Connections, long Datagrams, long Refused)
{
    /// <summary>null: not counted.</summary>
    public TrafficReading? Traffic { get; init; }
}

/// <summary>Counters of service ports, with series of their own for no more than were asked for.</summary>
/// <param name="Others">All other service ports together; null: there never was one.</param>
/// <param name="OtherPorts">How many they are now.</param>
public sealed record ServiceReadings(IReadOnlyList<ServiceReading> Own, ServiceReading? Others, int OtherPorts);

/// <summary>Counters of each service port; without series while the reading is null.</summary>
public sealed class ServiceMetrics
{
    private static readonly string[] Labels = ["namespace", "service", "port", "protocol", "ip_family"];

    public ServiceMetrics(MetricRegistry metrics, Func<ServiceReadings?> read)
    {
        Counter("ebpflb_service_connections_total", r => r.Connections, "Connections and flows to the service port that were begun");
        Counter("ebpflb_service_datagrams_total", r => r.Datagrams, "Datagrams of unconnected UDP sockets to the service port");
        Counter("ebpflb_service_refused_total", r => r.Refused,
            "Connections and datagrams to the service port that were refused for want of an endpoint");
        TrafficReading.Observe(
            metrics, "ebpflb_service", "the service port", Labels, () => read() is { } all ? Of(all) : [], r => r.Traffic, LabelsOf);
        metrics.ObserveGauge("ebpflb_service_ports",
            "Service ports by whether they have series of their own or are summed up as service \"_others\"", ["series"],
            () => read() is { } all ? [new Reading(all.Own.Count, "own"), new Reading(all.OtherPorts, "summed")] : []);

        void Counter(string name, Func<ServiceReading, long> value, string help)
            => metrics.ObserveCounter(name, help, Labels, () => read() is { } all ? Of(all).Select(r => Of(r, value(r))) : []);
    }

    private static IEnumerable<ServiceReading> Of(ServiceReadings all) => all.Others is { } others ? [.. all.Own, others] : all.Own;

    private static Reading Of(ServiceReading reading, long value) => new(value, LabelsOf(reading));

    private static string[] LabelsOf(ServiceReading reading)
        => [reading.Service.Namespace, reading.Service.Name, reading.Port, reading.Protocol, reading.Family];
}
