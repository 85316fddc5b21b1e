namespace EbpfLb.Model;

/// <summary>
/// Where the nodes are. The tunnels of a node that works on are not closed because its object is away or half empty: what was known stays
/// while the object has no addresses, and when it is deleted as long as an endpoint is said to be there. It ends at once when another
/// node has one of the addresses. Not thread-safe.
/// </summary>
internal sealed class NodePlaces
{
    private readonly SortedDictionary<string, ValueList<IpAddress>> known = new(StringComparer.Ordinal);

    /// <summary>Names whose object is there and has no addresses.</summary>
    private readonly HashSet<string> withoutAddresses = [];

    /// <summary>Names whose object was deleted, with the Service that was last found to have an endpoint there.</summary>
    private readonly Dictionary<string, ObjectName?> deleted = [];

    /// <summary>Names of those that open no tunnels, as their object said last.</summary>
    private readonly HashSet<string> closed = [];

    /// <summary>null: to be made anew.</summary>
    private ValueList<NodePlace>? places;

    public void Set(Node node)
    {
        places = null;
        deleted.Remove(node.Name);
        if (node.OpensTunnels) closed.Remove(node.Name);
        else closed.Add(node.Name);
        if (node.Addresses.IsEmpty)
        {
            withoutAddresses.Add(node.Name);
            if (!known.ContainsKey(node.Name) || IsShared(node.Name)) known[node.Name] = [];
            return;
        }
        withoutAddresses.Remove(node.Name);
        known[node.Name] = node.Addresses;
        foreach (var name in deleted.Keys.Where(name => HasAny(name, node.Addresses)).ToList()) Forget(name);
        foreach (var name in withoutAddresses.Where(name => HasAny(name, node.Addresses))) known[name] = [];
    }

    public void Remove(string name)
    {
        places = null;
        withoutAddresses.Remove(name);
        if (known[name].IsEmpty || IsShared(name)) Forget(name);
        else deleted[name] = null;
    }

    public ValueList<NodePlace> Build(IReadOnlyDictionary<ObjectName, ServiceEntry> services)
    {
        foreach (var (name, last) in deleted.ToList())
        {
            if (last is { } found && services.TryGetValue(found, out var entry) && HasEndpoint(entry, name)) continue;
            if (services.Values.FirstOrDefault(e => HasEndpoint(e, name)) is { } other) deleted[name] = other.Name;
            else Forget(name);
        }
        return places ??= known.Select(n => new NodePlace(n.Key, n.Value, !closed.Contains(n.Key))).ToValueList();
    }

    private void Forget(string name)
    {
        deleted.Remove(name);
        known.Remove(name);
        closed.Remove(name);
        places = null;
    }

    /// <summary>Another node may have had one of its addresses all the time.</summary>
    private bool IsShared(string name) => known.Any(other => other.Key != name && HasAny(name, other.Value));

    private bool HasAny(string name, ValueList<IpAddress> addresses) => known[name].Any(addresses.Contains);

    private static bool HasEndpoint(ServiceEntry entry, string node)
    {
        foreach (var slice in entry.Slices)
        {
            foreach (ref readonly var endpoint in slice.Endpoints.AsSpan())
                if (endpoint.NodeName == node) return true;
        }
        return false;
    }
}
