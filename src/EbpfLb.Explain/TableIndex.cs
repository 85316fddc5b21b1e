using System.Collections.Frozen;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Explain;

/// <summary>A table by what packets carry, and the objects that it was made of.</summary>
internal sealed class TableIndex
{
    private readonly Dictionary<Frontend, ServedAddress> frontends = [];
    private readonly PersistentDictionary<ObjectName, ServiceEntry> entries;
    private readonly EndpointUnion union = new();
    private readonly ValueList<BackendDrain> drains;

    public TableIndex(ForwardingTable table)
    {
        entries = table.State.Sources;
        drains = table.State.Options?.Drains ?? [];
        foreach (var service in table.Services)
        {
            foreach (var port in service.Ports) Add(port);
        }
        Node = table.State.Node ?? new NodeFacts("", null, null, null, []);
        var placed = from entry in entries.Values
                     from slice in entry.Slices
                     from endpoint in slice.Endpoints
                     where endpoint.NodeName is not null
                     select (endpoint.Address, IsHere: endpoint.NodeName == Node.Name);
        var byPlace = placed.ToLookup(e => e.IsHere, e => e.Address);
        EndpointsHere = byPlace[true].ToFrozenSet();
        RemoteEndpoints = byPlace[false].ToFrozenSet();
    }

    /// <summary>What the table was compiled for.</summary>
    public NodeFacts Node { get; }

    /// <summary>Addresses of endpoints that are on this node.</summary>
    public FrozenSet<IpAddress> EndpointsHere { get; }

    /// <summary>Addresses of endpoints that are on another.</summary>
    public FrozenSet<IpAddress> RemoteEndpoints { get; }

    /// <summary>All frontends, NodePorts at 0.0.0.0 and ::.</summary>
    public IEnumerable<ServedAddress> Frontends => frontends.Values;

    /// <summary>All objects, those that are not served too.</summary>
    public IEnumerable<ServiceEntry> Entries => entries.Values;

    public ServedAddress? Find(Frontend frontend) => frontends.GetValueOrDefault(frontend);

    /// <summary>The objects of a Service; null for the canary, which has none.</summary>
    public ServiceEntry? Entry(ObjectName name) => entries.Find(name);

    /// <summary>The endpoints of a service port, as its lists were chosen from; valid until the next call.</summary>
    public ReadOnlySpan<MergedEndpoint> Endpoints(ServicePortKey key)
        => entries.TryGetValue(key.Service, out var entry) ? union.Merge(
            entry.Slices, new ServicePort(key.PortName, key.Protocol, 0, 0), key.Family, new ServiceDrains(drains, key.Service)) : [];

    private void Add(CompiledPort port)
    {
        var served = new ServedPort(port, () => NodesOf(port.Key));
        foreach (var frontend in port.Frontends)
            frontends[frontend.Frontend] = new ServedAddress(frontend, served);
    }

    private Dictionary<BackendAddress, string?> NodesOf(ServicePortKey key)
    {
        var nodes = new Dictionary<BackendAddress, string?>();
        foreach (ref readonly var endpoint in Endpoints(key)) nodes[endpoint.Address] = endpoint.Endpoint.NodeName;
        return nodes;
    }
}
