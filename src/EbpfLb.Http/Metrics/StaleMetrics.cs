using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>One pass over the sockets that we connected.</summary>
/// <param name="FoundUdp">Whose backend was gone when the pass began.</param>
/// <param name="EndedUdp">Of those, ended.</param>
/// <param name="Failed">Of those, out of reach, or refused by the kernel.</param>
public sealed record StaleReading(int FoundUdp, int FoundTcp, int EndedUdp, int EndedTcp, int Failed);

/// <summary>Sockets that led to removed endpoints and were ended; for flows see <see cref="ConntrackReconcilerMetrics"/>.</summary>
public sealed class StaleMetrics
{
    private static readonly KeyValuePair<string, object?> Udp = new("protocol", "udp");
    private static readonly KeyValuePair<string, object?> Tcp = new("protocol", "tcp");

    private readonly Gauge<long> stale;
    private readonly Counter<long> ended;
    private readonly Counter<long> failed;

    public StaleMetrics(Meter meter)
    {
        stale = meter.CreateGauge<long>("ebpflb_stale_sockets", null,
            "Connected sockets whose endpoint was gone, or that had connected to a frontend before it was one, as the last look at all network namespaces found them; 0: none is left");
        ended = meter.CreateCounter<long>("ebpflb_sockets_ended_total", null, "Sockets ended because their endpoint was gone, or because they had connected to a frontend before it was one");
        failed = meter.CreateCounter<long>("ebpflb_socket_end_failures_total", null, "Tries to end a socket that came to nothing; tried again");
        RecordSockets(new StaleReading(0, 0, 0, 0, 0));
    }

    public void RecordSockets(StaleReading pass)
    {
        stale.Record(pass.FoundUdp, Udp);
        stale.Record(pass.FoundTcp, Tcp);
        ended.Add(pass.EndedUdp, Udp);
        ended.Add(pass.EndedTcp, Tcp);
        failed.Add(pass.Failed);
    }
}
