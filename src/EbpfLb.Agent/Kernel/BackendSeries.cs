using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// The backends' counters as the metrics give them: the first backends to come have series for as long as they are there, those beyond the
/// limit have none; what those counted is in the counters of their service ports.
/// </summary>
/// <param name="limit">Most backends with series; 0: there are no such metrics.</param>
internal sealed class BackendSeries(IServiceTables tables, PipelineState state, Func<int> limit, TimeProvider time)
{
    /// <summary>One look at the maps serves all metrics of a scrape.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private readonly Lock sync = new();
    private HashSet<(ServicePortKey Port, BackendAddress Address)> own = [];
    private (long At, int Limit, BackendReadings Readings)? last;

    /// <summary>null: switched off. May be called from any thread.</summary>
    public BackendReadings? Read()
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

    private BackendReadings Look(int most)
    {
        // Without the canary, which is the agent's own.
        var all = state.Table is not { } table ? [] : table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports)
            .SelectMany(p => p.Backends.Select(b => (Port: p.Key, b.Address))).ToList();
        var still = all.ToHashSet();
        own = [.. own.Where(still.Contains).Take(most)];
        foreach (var backend in all.TakeWhile(_ => own.Count < most)) own.Add(backend);
        var readings = own.GroupBy(b => b.Port).SelectMany(port => tables.ReadBackends(port.Key)
            .Where(b => own.Contains((port.Key, b.Address)))
            .Select(b => new BackendReading(
                port.Key.Service, port.Key.PortName, port.Key.Protocol.ToText(), port.Key.Family.ToString(), b.Address.ToString(),
                b.Connections, b.Open)));
        return new BackendReadings([.. readings], still.Count - own.Count);
    }
}
