using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// The service ports' counters as the metrics give them: the first ports to come have series of their own for as long as they live, and
/// what the others count is added up under one name, so that the number of series has a limit and no counter ever goes back.
/// </summary>
/// <param name="limit">Most ports with series of their own; 0: there are no such metrics.</param>
internal sealed class ServiceSeries(IServiceTables tables, PipelineState state, Func<int> limit, TimeProvider time)
{
    /// <summary>No name of a Service has an underscore.</summary>
    public static readonly ObjectName OthersName = new("", "_others");

    /// <summary>One look at the maps serves all metrics of a scrape.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private static readonly ServiceReading Nothing = new(OthersName, "", "", "", 0, 0, 0);

    private readonly Lock sync = new();
    private HashSet<ServicePortKey> own = [];
    private Dictionary<ServicePortKey, PortCounters> beyond = [];
    private ServiceReading? others;
    private (long At, int Limit, ServiceReadings Readings)? last;

    /// <summary>null: switched off. May be called from any thread.</summary>
    public ServiceReadings? Read()
    {
        var most = limit();
        if (most <= 0) return null;
        lock (sync)
        {
            if (last is { } known && known.Limit == most && time.GetElapsedTime(known.At) < Fresh) return known.Readings;
            var readings = Look(most);
            last = (time.GetTimestamp(), most, readings);
            return readings;
        }
    }

    private ServiceReadings Look(int most)
    {
        // Without the canary, which is the agent's own.
        var ports = state.Table is { } table ? table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports).Select(p => p.Key)
            .ToList() : [];
        var counters = tables.ReadCounters(ports);
        var still = ports.Where(counters.ContainsKey).ToHashSet();
        own = [.. own.Where(still.Contains).Take(most)];
        foreach (var port in ports.Where(still.Contains).TakeWhile(_ => own.Count < most)) own.Add(port);
        still.ExceptWith(own);
        foreach (var port in still) Add(counters[port], beyond.GetValueOrDefault(port));
        beyond = still.ToDictionary(p => p, p => counters[p]);
        return new ServiceReadings([.. own.Select(p => Of(p, counters[p]))], others, still.Count);
    }

    /// <summary>What a port counted since it was last looked at; one with another id counts from 0 again.</summary>
    private void Add(PortCounters now, PortCounters? before)
    {
        if (before?.Id != now.Id) before = null;
        others ??= Nothing;
        others = others with
        {
            Connections = others.Connections + Grown(now.Connections, before?.Connections),
            Datagrams = others.Datagrams + Grown(now.Datagrams, before?.Datagrams),
            Refused = others.Refused + Grown(now.Refused, before?.Refused),
        };
    }

    private static long Grown(ulong now, ulong? before) => before is { } then && then <= now ? (long)(now - then) : (long)now;

    private static ServiceReading Of(ServicePortKey port, PortCounters counters) => new(
        port.Service, port.PortName, port.Protocol.ToText(), port.Family.ToString(),
        (long)counters.Connections, (long)counters.Datagrams, (long)counters.Refused);
}
