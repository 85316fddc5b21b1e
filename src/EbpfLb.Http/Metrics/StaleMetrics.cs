using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>One pass over the connected sockets.</summary>
/// <param name="FoundUdp">Whose backend was gone when the pass began; null: not known.</param>
/// <param name="FoundTcp">The same; null: not known, or not looked for.</param>
/// <param name="EndedUdp">Of those and of untranslated ones, ended.</param>
/// <param name="Failed">Of all found, refused by the kernel.</param>
public sealed record StaleReading(int? FoundUdp, int? FoundTcp, int EndedUdp, int EndedTcp, int Failed);

/// <summary>Sockets that led to removed endpoints and were ended; for flows see <see cref="ConntrackReconcilerMetrics"/>.</summary>
public sealed class StaleMetrics
{
    private static readonly KeyValuePair<string, object?> Udp = new("protocol", "udp");
    private static readonly KeyValuePair<string, object?> Tcp = new("protocol", "tcp");

    private readonly Counter<long> ended;
    private readonly Counter<long> failed;
    private volatile StaleReading? last;
    private volatile object? untranslated;

    public StaleMetrics(Meter meter)
    {
        meter.CreateObservableGauge("ebpflb_stale_sockets", () => Known(last?.FoundUdp, Udp).Concat(Known(last?.FoundTcp, Tcp)), null,
            "Connected sockets whose endpoint was gone, as the last look at all network namespaces found them; 0: none is left; absent: not known, or not looked for");
        meter.CreateObservableGauge("ebpflb_untranslated_sockets", () => Known(untranslated as int?), null,
            "UDP sockets that had connected to a frontend before it was one, as the last look for them in all network namespaces found them; 0: none is left; absent: not known");
        ended = meter.CreateCounter<long>("ebpflb_sockets_ended_total", null, "Sockets ended because their endpoint was gone, or because they had connected to a frontend before it was one");
        failed = meter.CreateCounter<long>("ebpflb_socket_end_failures_total", null, "Tries to end a socket that came to nothing; tried again");
        ended.Add(0, Udp);
        ended.Add(0, Tcp);
        failed.Add(0);
    }

    /// <param name="pass">null: it failed, so that nothing is known.</param>
    public void RecordSockets(StaleReading? pass)
    {
        last = pass;
        ended.Add(pass?.EndedUdp ?? 0, Udp);
        ended.Add(pass?.EndedTcp ?? 0, Tcp);
        failed.Add(pass?.Failed ?? 0);
    }

    /// <summary>After a pass that looked for them too.</summary>
    /// <param name="found">null: not known.</param>
    public void RecordUntranslated(int? found) => untranslated = found;

    private static IEnumerable<Measurement<long>> Known(int? count, params KeyValuePair<string, object?>[] labels) => count is { } known ? [new Measurement<long>(known, labels)] : [];
}
