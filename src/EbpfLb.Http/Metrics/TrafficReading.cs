namespace EbpfLb.Http.Metrics;

/// <summary>Packets between clients and backends that passed the programs at the devices, with their bytes.</summary>
/// <param name="PacketsIn">From clients to backends.</param>
/// <param name="PacketsOut">Replies.</param>
public sealed record TrafficReading(long PacketsIn, long BytesIn, long PacketsOut, long BytesOut)
{
    /// <summary>The series of both directions.</summary>
    internal static void Observe<T>(
        MetricRegistry metrics, string name, string what, string[] labels, Func<IEnumerable<T>> read, Func<T, TrafficReading?> trafficOf,
        Func<T, string[]> labelsOf)
    {
        Counter("packets", "Packets", t => t.PacketsIn, t => t.PacketsOut);
        Counter("bytes", "Bytes", t => t.BytesIn, t => t.BytesOut);

        void Counter(string unit, string units, Func<TrafficReading, long> valueIn, Func<TrafficReading, long> valueOut)
            => metrics.ObserveCounter(
                $"{name}_{unit}_total",
                $"{units} to (in) and from (out) {what} that passed the programs at this node's devices; none of translated sockets",
                [.. labels, "direction"],
                () => read().SelectMany(r => trafficOf(r) is not { } traffic ? [] : (Reading[])
                [
                    new(valueIn(traffic), [.. labelsOf(r), "in"]), new(valueOut(traffic), [.. labelsOf(r), "out"]),
                ]));
    }
}
