using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Page;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Page;

/// <summary>
/// Rates of Services between readings of the counters that `ebpflb top` reads. Written by one thread, read by any.
/// </summary>
internal sealed class ServiceRates(IServiceTables tables, PipelineState state, TimeProvider time)
{
    /// <summary>Rates that are kept of a Service.</summary>
    public const int Kept = 60;

    private static readonly Dictionary<ServicePortKey, PortCounters> Nothing = [];

    private readonly Lock gate = new();
    private IReadOnlyDictionary<ServicePortKey, PortCounters> before = Nothing;
    private Dictionary<ObjectName, Series> series = [];
    private long at;
    private int readings;

    /// <summary>There are rates: the counters were read twice.</summary>
    public bool IsMeasured
    {
        get
        {
            lock (gate) return readings > 1;
        }
    }

    /// <summary>Reads the counters of all Services, which may have counted for longer than this agent runs.</summary>
    public void Read()
    {
        // Before the first table no Service is known: after an empty reading all that was ever counted would be a rate.
        if (state.Table is not { } table) return;
        // Without the canary, which is the agent's own.
        var ports = table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports).Select(p => p.Key).ToList();
        var counters = tables.ReadCounters(ports);
        lock (gate)
        {
            var (now, elapsed) = (time.GetTimestamp(), time.GetElapsedTime(at));
            if (readings > 0 && elapsed > TimeSpan.Zero) Add(counters, elapsed.TotalSeconds);
            before = counters;
            at = now;
            readings++;
        }
    }

    /// <summary>Nobody looks any more: nothing is kept.</summary>
    public void Forget()
    {
        lock (gate) (before, series, readings) = (Nothing, [], 0);
    }

    /// <summary>The last rates; null: not measured.</summary>
    public (double Connections, double Refused)? Find(ObjectName service)
    {
        lock (gate) return series.TryGetValue(service, out var found) ? (found.Connections, found.Refused) : null;
    }

    /// <summary>Connections a second, oldest first; NaN: not measured. Empty while nothing is known.</summary>
    public IReadOnlyList<float> History(ObjectName service)
    {
        lock (gate) return series.TryGetValue(service, out var found) ? InOrder(found.Ring) : [];
    }

    /// <summary>Packets and bytes a second; null: not measured, or of a port it is not known what it counts.</summary>
    public PageTraffic? FindTraffic(ObjectName service)
    {
        lock (gate)
        {
            if (!series.TryGetValue(service, out var found) || found is not { IsCounted: true, Traffic: { } traffic }) return null;
            return new PageTraffic(
                new PageDirection(traffic.PacketsIn, traffic.BytesIn, InOrder(traffic.RingIn)),
                new PageDirection(traffic.PacketsOut, traffic.BytesOut, InOrder(traffic.RingOut)));
        }
    }

    /// <summary>Bytes a second in both directions; 0 where <see cref="FindTraffic"/> knows nothing.</summary>
    public double BytesOf(ObjectName service)
    {
        lock (gate)
        {
            return series.TryGetValue(service, out var found) && found is { IsCounted: true, Traffic: { } traffic }
                ? traffic.BytesIn + traffic.BytesOut : 0;
        }
    }

    /// <summary>Oldest first. The caller holds the lock.</summary>
    private float[] InOrder(float[] ring)
    {
        var rates = new float[Kept];
        for (var i = 0; i < Kept; i++) rates[i] = ring[(readings + i) % Kept];
        return rates;
    }

    /// <summary>The caller holds the lock.</summary>
    private void Add(IReadOnlyDictionary<ServicePortKey, PortCounters> counters, double seconds)
    {
        var next = new Dictionary<ObjectName, Series>(series.Count);
        foreach (var (port, now) in counters)
        {
            if (!next.TryGetValue(port.Service, out var own))
            {
                next[port.Service] = own = series.GetValueOrDefault(port.Service) ?? new Series();
                (own.Connections, own.Refused) = (0, 0);
                own.Traffic?.Clear();
                own.IsCounted = true;
            }
            // Another id has counters of its own.
            var then = before.GetValueOrDefault(port) is { } earlier && earlier.Id == now.Id ? earlier : null;
            own.Connections += Growth.Of(now.Connections, then?.Connections) / seconds;
            own.Refused += Growth.Of(now.Refused, then?.Refused) / seconds;
            if (now.Traffic is { } traffic) (own.Traffic ??= new TrafficSeries()).Add(traffic, then?.Traffic, seconds);
            else own.IsCounted = false;
        }
        // The place after the last one is the oldest, see History.
        foreach (var own in next.Values)
        {
            own.Ring[readings % Kept] = (float)own.Connections;
            own.Traffic?.Keep(readings % Kept, own.IsCounted);
        }
        series = next;
    }

    private sealed class Series
    {
        public Series() => Array.Fill(Ring, float.NaN);

        public double Connections { get; set; }

        public double Refused { get; set; }

        /// <summary>Packets and bytes of all ports are known.</summary>
        public bool IsCounted { get; set; }

        /// <summary>null: nothing was counted so far.</summary>
        public TrafficSeries? Traffic { get; set; }

        public float[] Ring { get; } = new float[Kept];
    }

    /// <summary>Of all ports of a Service together.</summary>
    private sealed class TrafficSeries
    {
        public TrafficSeries()
        {
            Array.Fill(RingIn, float.NaN);
            Array.Fill(RingOut, float.NaN);
        }

        public double PacketsIn { get; private set; }

        public double BytesIn { get; private set; }

        public double PacketsOut { get; private set; }

        public double BytesOut { get; private set; }

        public float[] RingIn { get; } = new float[Kept];

        public float[] RingOut { get; } = new float[Kept];

        public void Clear() => (PacketsIn, BytesIn, PacketsOut, BytesOut) = (0, 0, 0, 0);

        public void Add(Traffic now, Traffic? before, double seconds)
        {
            PacketsIn += Growth.Of(now.PacketsIn, before?.PacketsIn) / seconds;
            BytesIn += Growth.Of(now.BytesIn, before?.BytesIn) / seconds;
            PacketsOut += Growth.Of(now.PacketsOut, before?.PacketsOut) / seconds;
            BytesOut += Growth.Of(now.BytesOut, before?.BytesOut) / seconds;
        }

        public void Keep(int place, bool isKnown)
            => (RingIn[place], RingOut[place]) = isKnown ? ((float)BytesIn, (float)BytesOut) : (float.NaN, float.NaN);
    }
}
