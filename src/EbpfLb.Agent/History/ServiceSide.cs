using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.History;

/// <summary>A Service in one table, with the objects behind it.</summary>
/// <param name="compiled">null: the table has none.</param>
internal sealed class ServiceSide(ObjectName name, CompiledService? compiled, CompiledState state)
{
    public ValueList<CompiledPort> Ports => compiled?.Ports ?? [];

    public HealthCheck? HealthCheck => compiled?.HealthCheck;

    /// <summary>null: only slices are there, or nothing.</summary>
    public Service? Object => Entry?.Service;

    private ServiceEntry? Entry { get; } = state.Snapshot.Services.Find(name);

    public bool IsDrained(BackendAddress backend)
    {
        foreach (var drain in state.Options.Drains)
            if (drain.IsOf(name) && drain.IsOf(backend)) return true;
        return false;
    }

    /// <summary>Of those backends that the slices have. Of one in several slices: those where it is ready.</summary>
    public Dictionary<BackendAddress, EndpointConditions> Conditions(HashSet<BackendAddress> wanted)
    {
        var found = new Dictionary<BackendAddress, EndpointConditions>();
        if (Entry is not { } entry) return found;
        foreach (var slice in entry.Slices)
        {
            foreach (ref readonly var endpoint in slice.Endpoints.AsSpan())
            {
                foreach (ref readonly var port in slice.Ports.AsSpan())
                {
                    var address = new BackendAddress(endpoint.Address, port.Port);
                    if (!wanted.Contains(address)) continue;
                    if (found.TryGetValue(address, out var other) && other.HasFlag(EndpointConditions.Ready)) continue;
                    found[address] = endpoint.Conditions;
                }
            }
        }
        return found;
    }
}

/// <summary>Service ports of two tables.</summary>
internal static class PortPairs
{
    /// <param name="likely">Where it is as a rule: ports keep their order.</param>
    public static CompiledPort? Find(ValueList<CompiledPort> ports, ServicePortKey key, int likely)
    {
        if (likely < ports.Count && ports[likely].Key == key) return ports[likely];
        foreach (var port in ports)
            if (port.Key == key) return port;
        return null;
    }
}
