using System.Collections.Immutable;

namespace EbpfLb.Model;

/// <summary>
/// Applies single object changes and makes snapshots that share all that stayed the same. Not thread-safe: one
/// source owns one. Updates that change nothing leave the snapshot's references as they were.
/// </summary>
public sealed class ClusterStateBuilder
{
    private const int MostKeptCapacity = 1024;

    /// <summary>Changes that are not in <see cref="services"/> yet; null: to be removed.</summary>
    private readonly Dictionary<ObjectName, ServiceEntry?> changes = [];

    private readonly Dictionary<ObjectName, ObjectName> sliceOwners = [];

    private readonly SortedDictionary<string, ServiceCidr> serviceCidrs = new(StringComparer.Ordinal);

    private PersistentDictionary<ObjectName, ServiceEntry> services = PersistentDictionary.Empty<ObjectName, ServiceEntry>();
    private Node? node;

    /// <summary>All nodes, where they are of interest.</summary>
    private readonly SortedDictionary<string, Node> nodes = new(StringComparer.Ordinal);

    private readonly NodePlaces places = new();

    /// <summary>Adds or replaces a Service; what was refused in it stays as it was. Returns whether anything changed.</summary>
    public bool Set(Service service)
    {
        var entry = Find(service.Name);
        service = service.After(entry?.Service);
        if (entry?.Service is { } old && old.Equals(service)) return false;
        changes[service.Name] = entry is null
            ? new ServiceEntry(service.Name, service, [])
            : entry with { Service = service };
        return true;
    }

    /// <summary>Adds or replaces a slice; it may have moved to another Service. Returns whether anything changed.</summary>
    public bool Set(EndpointSlice slice)
    {
        if (sliceOwners.TryGetValue(slice.Name, out var owner) && owner != slice.Owner) RemoveSlice(slice.Name);
        var entry = Find(slice.Owner);
        var slices = entry?.Slices ?? [];
        var index = IndexOf(slices, slice.Name);
        if (index >= 0) slice = slice.After(slices[index]);
        if (index >= 0 && slices[index].Equals(slice)) return false;
        slices = index >= 0 ? slices.SetItem(index, slice) : slices.Insert(~index, slice);
        changes[slice.Owner] = entry is null ? new ServiceEntry(slice.Owner, null, slices) : entry with { Slices = slices };
        sliceOwners[slice.Name] = slice.Owner;
        return true;
    }

    /// <summary>Sets the agent's own node, null when it was deleted. Returns whether anything changed.</summary>
    public bool Set(Node? value)
    {
        if (Equals(node, value)) return false;
        node = value;
        return true;
    }

    /// <summary>
    /// Adds or replaces one of all nodes, of which a snapshot has the addresses: the last ones while the object has none
    /// (<see cref="NodePlaces"/>). Returns whether anything changed.
    /// </summary>
    public bool SetAny(Node value)
    {
        var old = nodes.GetValueOrDefault(value.Name);
        nodes[value.Name] = value;
        if (old is null || old.Addresses != value.Addresses) places.Set(value);
        return old is null || !old.Equals(value);
    }

    /// <summary>
    /// Removes one of all nodes. A snapshot has its addresses while an endpoint is there and no other node has one of them. Returns whether
    /// it was there.
    /// </summary>
    public bool RemoveAny(string name)
    {
        if (!nodes.Remove(name)) return false;
        places.Remove(name);
        return true;
    }

    /// <summary>Names of all nodes.</summary>
    public IEnumerable<string> AnyNames => nodes.Keys;

    /// <summary>One of all nodes as it is known; null when it is not.</summary>
    public Node? FindAny(string name) => nodes.GetValueOrDefault(name);

    /// <summary>Adds or replaces a ServiceCIDR. Returns whether anything changed.</summary>
    public bool Set(ServiceCidr cidr)
    {
        if (serviceCidrs.TryGetValue(cidr.Name, out var old) && old.Equals(cidr)) return false;
        serviceCidrs[cidr.Name] = cidr;
        return true;
    }

    /// <summary>Removes a ServiceCIDR. Returns whether it was there.</summary>
    public bool RemoveServiceCidr(string name) => serviceCidrs.Remove(name);

    /// <summary>Removes a Service. Returns whether it was there.</summary>
    public bool RemoveService(ObjectName name)
    {
        if (Find(name) is not { Service: not null } entry) return false;
        Put(entry with { Service = null });
        return true;
    }

    /// <summary>Removes a slice. Returns whether it was there.</summary>
    public bool RemoveSlice(ObjectName name)
    {
        if (!sliceOwners.Remove(name, out var owner) || Find(owner) is not { } entry) return false;
        var index = IndexOf(entry.Slices, name);
        if (index < 0) return false;
        Put(entry with { Slices = entry.Slices.RemoveAt(index) });
        return true;
    }

    /// <summary>Names of all Services, for removing what a fresh list no longer holds.</summary>
    public IEnumerable<ObjectName> ServiceNames => Merged().Where(s => s.Value.Service is not null).Select(s => s.Key);

    /// <summary>Names of all slices.</summary>
    public IEnumerable<ObjectName> SliceNames => sliceOwners.Keys;

    /// <summary>The Service as it is known; null when it is not.</summary>
    public Service? FindService(ObjectName name) => Find(name)?.Service;

    /// <summary>The slice as it is known; null when it is not.</summary>
    public EndpointSlice? FindSlice(ObjectName name)
        => sliceOwners.TryGetValue(name, out var owner) && Find(owner) is { } entry && IndexOf(entry.Slices, name) is >= 0 and var index
            ? entry.Slices[index]
            : null;

    /// <summary>The agent's own node as it is known.</summary>
    public Node? Node => node;

    /// <summary>The ServiceCIDR as it is known; null when it is not.</summary>
    public ServiceCidr? FindServiceCidr(string name) => serviceCidrs.GetValueOrDefault(name);

    /// <summary>Names of all ServiceCIDRs.</summary>
    public IEnumerable<string> ServiceCidrNames => serviceCidrs.Keys;

    public ClusterSnapshot Build()
    {
        var merged = Merged();
        return new(merged, node)
        {
            ServiceCidrs = serviceCidrs.Values.SelectMany(c => c.Cidrs).ToValueList(), Nodes = places.Build(merged),
        };
    }

    private void Put(ServiceEntry entry)
    {
        changes[entry.Name] = entry.Service is null && entry.Slices.IsEmpty ? null : entry;
    }

    private ServiceEntry? Find(ObjectName name) => changes.TryGetValue(name, out var entry) ? entry : services.Find(name);

    private PersistentDictionary<ObjectName, ServiceEntry> Merged()
    {
        services = services.With(changes);
        changes.Clear();
        // The first list of a large cluster leaves room for all of it behind.
        if (changes.Capacity > MostKeptCapacity) changes.TrimExcess();
        return services;
    }

    private static int IndexOf(ImmutableArray<EndpointSlice> slices, ObjectName name)
    {
        int low = 0, high = slices.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = slices[middle].Name.CompareTo(name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return ~low;
    }
}
