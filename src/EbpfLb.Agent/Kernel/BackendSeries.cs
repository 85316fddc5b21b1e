using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// The backends' counters. Those beyond the limit have no series; what they counted is in the counters of their service ports.
/// </summary>
internal sealed class BackendSeries(IServiceTables tables, PipelineState state, Func<int> limit, TimeProvider time)
    : LimitedSeries<(ServicePortKey Port, BackendAddress Address), BackendReadings>(limit, time)
{
    protected override BackendReadings Look(int most)
    {
        // Without the canary, which is the agent's own.
        var all = state.Table is not { } table ? [] : table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports)
            .SelectMany(p => p.Backends.Select(b => (Port: p.Key, b.Address))).ToList();
        var there = all.ToHashSet();
        var own = Choose(all, there, most);
        var readings = own.GroupBy(b => b.Port).SelectMany(port => tables.ReadBackends(port.Key)
            .Where(b => own.Contains((port.Key, b.Address)))
            .Select(b => new BackendReading(
                port.Key.Service, port.Key.PortName, port.Key.Protocol.ToText(), port.Key.Family.ToString(), b.Address.ToString(),
                b.Connections, b.Open)
            {
                Traffic = MeasuredTraffic.Of(b.Traffic),
            }));
        return new BackendReadings([.. readings], there.Count - own.Count);
    }
}
