using Prometheus;

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
    private const string Protocol = "protocol";

    private readonly Counter.Child endedUdp;
    private readonly Counter.Child endedTcp;
    private readonly Counter failed;
    private volatile StaleReading? last;
    private volatile object? untranslated;

    public StaleMetrics(MetricRegistry metrics)
    {
        metrics.ObserveGauge("ebpflb_stale_sockets",
            "Connected sockets whose endpoint was gone, as the last look at all network "
                + "namespaces found them; 0: none is left; absent: not known, or not looked for",
            [Protocol], () => Known(last?.FoundUdp, "udp").Concat(Known(last?.FoundTcp, "tcp")));
        metrics.ObserveGauge("ebpflb_untranslated_sockets",
            "UDP sockets that had connected to a frontend before it was one, as the last look for "
                + "them in all network namespaces found them; 0: none is left; absent: not known",
            () => untranslated as int?);
        var ended = metrics.Factory.CreateCounter(
            "ebpflb_sockets_ended_total",
            "Sockets ended because their endpoint was gone, or because they had connected to a frontend before it was one", Protocol);
        endedUdp = ended.WithLabels("udp");
        endedTcp = ended.WithLabels("tcp");
        failed = metrics.Factory.CreateCounter(
            "ebpflb_socket_end_failures_total", "Tries to end a socket that came to nothing; tried again");
    }

    /// <param name="pass">null: it failed, so that nothing is known.</param>
    public void RecordSockets(StaleReading? pass)
    {
        last = pass;
        if (pass is null) return;
        endedUdp.Inc(pass.EndedUdp);
        endedTcp.Inc(pass.EndedTcp);
        failed.Inc(pass.Failed);
    }

    /// <summary>After a pass that looked for them too.</summary>
    /// <param name="found">null: not known.</param>
    public void RecordUntranslated(int? found) => untranslated = found;

    private static IEnumerable<Reading> Known(int? count, string protocol) => count is { } known ? [new Reading(known, protocol)] : [];
}
