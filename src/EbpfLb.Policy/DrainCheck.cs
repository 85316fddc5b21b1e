using EbpfLb.Model;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Policy;

/// <summary>What a drain does to the Services of a snapshot.</summary>
public static class DrainCheck
{
    /// <summary>What it would do, beside the drains of <paramref name="options"/>.</summary>
    /// <param name="options">With which the snapshot was compiled.</param>
    public static DrainEffect Preview(ClusterSnapshot snapshot, PolicyOptions options, NodeNetwork network, BackendDrain drain)
    {
        var node = NodeFacts.Of(options, snapshot);
        var before = ForwardingCompiler.NewCompiler(options with { Drains = [] }, node, network);
        var all = options.Drains.Append(drain).Select(d => d with { Always = true }).ToValueList();
        var after = ForwardingCompiler.NewCompiler(options with { Drains = all }, node, network);
        List<ServicePortKey> ports = [];
        List<(ServicePortKey, bool)> emptied = [];
        foreach (var entry in Touched(snapshot, drain))
        {
            var without = before.Compile(entry);
            foreach (var port in after.Compile(entry).Ports)
            {
                if (!HasBackend(entry, port.Key, drain)) continue;
                ports.Add(port.Key);
                var was = without.Ports.First(p => p.Key == port.Key);
                if (IsEmptied(was, port, BackendLists.InCluster)) emptied.Add((port.Key, false));
                if (IsEmptied(was, port, BackendLists.InLocal)) emptied.Add((port.Key, true));
            }
        }
        return new DrainEffect(ports.ToValueList(), emptied.Select(e => new DrainedList(e.Item1, e.Item2)).ToValueList());
    }

    /// <summary>What it does in a table: the lists that have the backend all the same, as nothing else is left to them.</summary>
    public static DrainEffect InForce(ForwardingTable table, BackendDrain drain)
    {
        List<ServicePortKey> ports = [];
        List<DrainedList> used = [];
        foreach (var entry in table.State.Sources.Values)
        {
            if (!IsTouched(entry, drain) || table.Find(entry.Name) is not { } service) continue;
            foreach (var port in service.Ports)
            {
                if (!HasBackend(entry, port.Key, drain)) continue;
                ports.Add(port.Key);
                var lists = port.Backends.Where(b => drain.IsOf(b.Address)).Aggregate(BackendLists.None, (all, b) => all | b.Lists);
                if (lists.HasFlag(BackendLists.InCluster)) used.Add(new DrainedList(port.Key, IsLocal: false));
                if (lists.HasFlag(BackendLists.InLocal)) used.Add(new DrainedList(port.Key, IsLocal: true));
            }
        }
        return new DrainEffect(ports.ToValueList(), used.ToValueList());
    }

    /// <summary>Whether the address is one of an endpoint, whatever its port and conditions.</summary>
    /// <param name="services">Where to look; empty: at all that the drain is of.</param>
    public static bool IsNamed(ClusterSnapshot snapshot, BackendDrain drain, ValueList<ObjectName> services) => services.IsEmpty
        ? snapshot.Services.Values.Any(e => IsTouched(e, drain))
        : services.Any(s => snapshot.Services.TryGetValue(s, out var entry) && IsTouched(entry, drain));

    /// <summary>Services of which the address is one of an endpoint, of those that the drain is of.</summary>
    public static ValueList<ObjectName> ServicesNaming(ClusterSnapshot snapshot, BackendDrain drain)
        => Touched(snapshot, drain).Select(e => e.Name).ToValueList();

    private static bool IsEmptied(CompiledPort before, CompiledPort after, BackendLists list)
        => before.Backends.Any(b => b.Lists.HasFlag(list)) && !after.Backends.Any(b => b.Lists.HasFlag(list));

    private static bool HasBackend(ServiceEntry entry, ServicePortKey key, BackendDrain drain)
    {
        foreach (ref readonly var endpoint in new EndpointUnion().Merge(
            entry.Slices, new ServicePort(key.PortName, key.Protocol, 0, 0), key.Family))
        {
            if (drain.IsOf(endpoint.Address)) return true;
        }
        return false;
    }

    private static IEnumerable<ServiceEntry> Touched(ClusterSnapshot snapshot, BackendDrain drain)
        => snapshot.Services.Values.Where(e => IsTouched(e, drain));

    internal static bool IsTouched(ServiceEntry entry, BackendDrain drain)
    {
        if (!drain.IsOf(entry.Name)) return false;
        foreach (var slice in entry.Slices)
        {
            foreach (ref readonly var endpoint in slice.Endpoints.AsSpan())
                if (endpoint.Address == drain.Address) return true;
        }
        return false;
    }
}

/// <param name="Ports">Service ports that have the backend.</param>
/// <param name="Lists">Of those: lists that it leaves without a backend, or that use it all the same.</param>
public sealed record DrainEffect(ValueList<ServicePortKey> Ports, ValueList<DrainedList> Lists);

/// <param name="IsLocal">The list of frontends whose traffic policy is Local; else that of all others.</param>
public readonly record struct DrainedList(ServicePortKey Port, bool IsLocal)
{
    /// <summary>"default/web:http/TCP/IPv4", "default/web:http/TCP/IPv4 (traffic policy Local)".</summary>
    public override string ToString() => IsLocal ? $"{Port} (traffic policy Local)" : Port.ToString();
}
