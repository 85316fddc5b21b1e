using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// The service ports' counters. What those beyond the limit count is added up under one name, so that no counter ever goes back.
/// </summary>
internal sealed class ServiceSeries(IServiceTables tables, PipelineState state, Func<int> limit, TimeProvider time)
    : LimitedSeries<ServicePortKey, ServiceReadings>(limit, time)
{
    /// <summary>No name of a Service has an underscore.</summary>
    public static readonly ObjectName OthersName = new("", "_others");

    private static readonly ServiceReading Nothing = new(OthersName, "", "", "", 0, 0, 0);

    /// <summary>Of all ports, by the last look.</summary>
    private IReadOnlyDictionary<ServicePortKey, PortCounters> before = new Dictionary<ServicePortKey, PortCounters>();
    private ServiceReading? others;

    protected override ServiceReadings Look(int most)
    {
        // Without the canary, which is the agent's own.
        var ports = state.Table is { } table ? table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports).Select(p => p.Key)
            : [];
        var counters = tables.ReadCounters(ports);
        var ownBefore = Own;
        var own = Choose(ownBefore.Where(counters.ContainsKey), ports.Where(counters.ContainsKey), most);
        foreach (var (port, now) in counters)
        {
            // What one counted that had a series until now is not in the sum yet.
            if (!own.Contains(port)) Add(now, ownBefore.Contains(port) ? null : before.GetValueOrDefault(port));
        }
        before = counters;
        return new ServiceReadings([.. own.Select(p => Of(p, counters[p]))], others, counters.Count - own.Count);
    }

    /// <summary>What a port counted since it was last looked at; one with another id counts from 0 again.</summary>
    private void Add(PortCounters now, PortCounters? before)
    {
        if (before?.Id != now.Id) before = null;
        others ??= Nothing;
        others = others with
        {
            Connections = others.Connections + (long)Growth.Of(now.Connections, before?.Connections),
            Datagrams = others.Datagrams + (long)Growth.Of(now.Datagrams, before?.Datagrams),
            Refused = others.Refused + (long)Growth.Of(now.Refused, before?.Refused),
            Traffic = now.Traffic is { } traffic ? Sum(others.Traffic, traffic, before?.Traffic) : others.Traffic,
        };
    }

    private static ServiceReading Of(ServicePortKey port, PortCounters counters) => new(
        port.Service, port.PortName, port.Protocol.ToText(), port.Family.ToString(),
        (long)counters.Connections, (long)counters.Datagrams, (long)counters.Refused)
    {
        Traffic = MeasuredTraffic.Of(counters.Traffic),
    };

    private static TrafficReading Sum(TrafficReading? sum, Traffic now, Traffic? before) => new(
        (sum?.PacketsIn ?? 0) + (long)Growth.Of(now.PacketsIn, before?.PacketsIn),
        (sum?.BytesIn ?? 0) + (long)Growth.Of(now.BytesIn, before?.BytesIn),
        (sum?.PacketsOut ?? 0) + (long)Growth.Of(now.PacketsOut, before?.PacketsOut),
        (sum?.BytesOut ?? 0) + (long)Growth.Of(now.BytesOut, before?.BytesOut));
}

/// <summary>Packets and bytes as the metrics have them.</summary>
internal static class MeasuredTraffic
{
    public static TrafficReading? Of(Traffic? counted) => counted is { } traffic
        ? new TrafficReading((long)traffic.PacketsIn, (long)traffic.BytesIn, (long)traffic.PacketsOut, (long)traffic.BytesOut) : null;
}

/// <summary>What a counter of the kernel counted between two readings.</summary>
internal static class Growth
{
    /// <summary>One that came meanwhile counts from 0, and so does one whose maps were made anew.</summary>
    /// <param name="before">null: it was not there.</param>
    public static ulong Of(ulong now, ulong? before) => before is { } then && then <= now ? now - then : now;
}
