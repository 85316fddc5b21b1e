using System.Diagnostics.Metrics;
using EbpfLb.Model;

namespace EbpfLb.Http.Metrics;

/// <summary>What one service port of one family has seen.</summary>
/// <param name="Connections">TCP connections, connected UDP sockets and flows of clients outside, begun.</param>
/// <param name="Datagrams">Of unconnected UDP sockets.</param>
/// <param name="Refused">Connections and datagrams refused for want of an endpoint.</param>
public sealed record ServiceReading(ObjectName Service, string Port, string Protocol, string Family, long Connections, long Datagrams, long Refused);

/// <summary>Counters of service ports, with series of their own for no more than were asked for.</summary>
/// <param name="Others">All other service ports together; null: there never was one.</param>
/// <param name="OtherPorts">How many they are now.</param>
public sealed record ServiceReadings(IReadOnlyList<ServiceReading> Own, ServiceReading? Others, int OtherPorts);

/// <summary>Counters of each service port; without series while the reading is null.</summary>
public sealed class ServiceMetrics
{
    public ServiceMetrics(Meter meter, Func<ServiceReadings?> read)
    {
        Counter("ebpflb_service_connections_total", r => r.Connections, "Connections and flows to the service port that were begun");
        Counter("ebpflb_service_datagrams_total", r => r.Datagrams, "Datagrams of unconnected UDP sockets to the service port");
        Counter("ebpflb_service_refused_total", r => r.Refused, "Connections and datagrams to the service port that were refused for want of an endpoint");
        meter.CreateObservableGauge("ebpflb_service_ports",
            () => read() is { } all ? new Measurement<int>[] { new(all.Own.Count, Series("own")), new(all.OtherPorts, Series("summed")) } : [], null,
            "Service ports by whether they have series of their own or are summed up as service \"_others\"");

        void Counter(string name, Func<ServiceReading, long> value, string description) => meter.CreateObservableCounter(
            name, () => read() is { } all ? Of(all).Select(r => Of(r, value(r))) : [], null, description);
    }

    private static IEnumerable<ServiceReading> Of(ServiceReadings all) => all.Others is { } others ? [.. all.Own, others] : all.Own;

    private static Measurement<long> Of(ServiceReading reading, long value) => new(value,
        new("namespace", reading.Service.Namespace), new("service", reading.Service.Name), new("port", reading.Port),
        new("protocol", reading.Protocol), new("ip_family", reading.Family));

    private static KeyValuePair<string, object?> Series(string kind) => new("series", kind);
}
