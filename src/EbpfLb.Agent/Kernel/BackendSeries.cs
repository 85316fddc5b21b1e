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
        var table = state.Table ?? ForwardingTable.Empty;
        var own = Choose(
            Own.GroupBy(b => b.Port).SelectMany(port => Still(table, port.Key, port)),
            Ports(table).SelectMany(p => p.Backends.Select(b => (p.Key, b.Address))), most);
        var readings = own.GroupBy(b => b.Port).SelectMany(port => tables.ReadBackends(port.Key)
            .Where(b => own.Contains((port.Key, b.Address)))
            .Select(b => new BackendReading(
                port.Key.Service, port.Key.PortName, port.Key.Protocol.ToText(), port.Key.Family.ToString(), b.Address.ToString(),
                b.Connections, b.Open)
            {
                Traffic = MeasuredTraffic.Of(b.Traffic),
            }));
        return new BackendReadings([.. readings], Ports(table).Sum(p => p.Backends.Count) - own.Count);
    }

    /// <summary>Without the canary's, which is the agent's own.</summary>
    private static IEnumerable<CompiledPort> Ports(ForwardingTable table)
    {
        foreach (var service in table.Services)
        {
            if (service.Name == Canary.Name) continue;
            for (var i = 0; i < service.Ports.Count; i++) yield return service.Ports[i];
        }
    }

    private static IEnumerable<(ServicePortKey Port, BackendAddress Address)> Still(
        ForwardingTable table, ServicePortKey key, IEnumerable<(ServicePortKey Port, BackendAddress Address)> backends)
    {
        if (table.Find(key.Service)?.Ports.FirstOrDefault(p => p.Key == key) is not { } port) return [];
        var there = port.Backends.Select(b => b.Address).ToHashSet();
        return backends.Where(b => there.Contains(b.Address));
    }
}
