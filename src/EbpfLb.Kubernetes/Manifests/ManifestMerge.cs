using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>
/// Joins the files into one state as an API server would that got them in the order of their names: the first object of
/// a name stays, and a Service that wants an address or node port that another one has is refused. Keeps what it knows, so that the next
/// change of a few files costs what they hold. Not thread-safe.
/// </summary>
/// <param name="nodeName">The own node; of others only the addresses are used.</param>
/// <param name="isLenient">Services with an address or node port of another are told, and used: the compiler decides who serves it.</param>
internal sealed class ManifestMerge(string nodeName, bool isLenient = false)
{
    private readonly Dictionary<ObjectIdentity, string> owners = [];
    private readonly Dictionary<IpAddress, ObjectName> addresses = [];
    private readonly Dictionary<int, ObjectName> nodePorts = [];
    private readonly List<ManifestProblem> problems = [];
    private readonly HashSet<ObjectName> services = [];
    private readonly HashSet<ObjectName> slices = [];
    private readonly HashSet<string> serviceCidrs = [];
    private readonly HashSet<string> nodes = [];
    private readonly ContestedKeys contested = new();
    private Node? node;

    /// <summary>What is wrong between the files, as of the last call.</summary>
    public IReadOnlyList<ManifestProblem> Problems => problems;

    /// <summary>Brings the state to what the files say; returns what is wrong between them.</summary>
    public IReadOnlyList<ManifestProblem> Apply(IEnumerable<(string File, ManifestContent Content)> files, ClusterStateBuilder state)
    {
        Clear();
        var unmirrored = Unmirrored(files.SelectMany(f => f.Content.Objects));
        foreach (var (file, content) in files)
        {
            foreach (var item in content.Objects)
            {
                if (IsFree(file, item) && !(item.Identity.Kind == "Endpoints" && unmirrored.Contains(item.Identity.Name)))
                    Apply(item, state);
            }
        }
        foreach (var gone in state.ServiceNames.Where(name => !services.Contains(name)).ToList()) state.RemoveService(gone);
        foreach (var gone in state.SliceNames.Where(name => !slices.Contains(name)).ToList()) state.RemoveSlice(gone);
        foreach (var gone in state.ServiceCidrNames.Where(name => !serviceCidrs.Contains(name)).ToList()) state.RemoveServiceCidr(gone);
        foreach (var gone in state.AnyNames.Where(name => !nodes.Contains(name)).ToList()) state.RemoveAny(gone);
        state.Set(node);
        // Only for this call, and as large as the cluster.
        services.Clear();
        services.TrimExcess();
        slices.Clear();
        slices.TrimExcess();
        serviceCidrs.Clear();
        nodes.Clear();
        return problems;
    }

    /// <summary>
    /// Brings the state from what the files said at the last call to what they say now. False when objects of several files have to do with
    /// each other: then the state may be anything between, and
    /// <see cref="Apply(IEnumerable{ValueTuple{string,ManifestContent}},ClusterStateBuilder)"/> has to follow.
    /// </summary>
    public bool TryChange(IReadOnlyList<FileChange> files, ClusterStateBuilder state)
    {
        if (files.Any(f => contested.HasFile(f.File))) return false;
        List<(string File, ManifestObject? Old, ManifestObject? New)> changes = [];
        foreach (var file in files)
        {
            if (!ObjectDifferences.TryCollect(file, changes)) return false;
        }
        // One that moved from file to file at the same time.
        if (changes.DistinctBy(c => (c.Old ?? c.New!).Identity).Count() < changes.Count) return false;
        // What goes first makes room for what comes, wherever the two are.
        foreach (var (_, old, _) in changes)
            if (old is not null && !TryRelease(old)) return false;
        foreach (var (file, old, item) in changes)
            if (item is not null && !TryClaim(file, item)) return false;
        foreach (var (_, old, item) in changes) Change(old, item, state);
        return true;
    }

    private void Clear()
    {
        owners.Clear();
        addresses.Clear();
        nodePorts.Clear();
        problems.Clear();
        contested.Clear();
        node = null;
    }

    /// <summary>False when a refused object may come into its own by it, or when it decides about Endpoints.</summary>
    private bool TryRelease(ManifestObject item)
    {
        if (!IsAlone(item)) return false;
        owners.Remove(item.Identity);
        if (item.Service is not { } service) return true;
        foreach (var address in service.ClusterIPs) addresses.Remove(address);
        foreach (var port in service.Ports) nodePorts.Remove(port.NodePort);
        nodePorts.Remove(service.HealthCheckNodePort);
        return true;
    }

    /// <summary>False when another object has what it needs.</summary>
    private bool TryClaim(string file, ManifestObject item)
    {
        if (!IsAlone(item)) return false;
        var before = problems.Count;
        return IsFree(file, item) && problems.Count == before;
    }

    private bool IsAlone(ManifestObject item)
    {
        if (item.Identity.Kind == "Endpoints" || contested.Holds(item)) return false;
        // Whether Endpoints are used depends on the selector of their Service and on its slices.
        if (item.Service is { } service) return !owners.ContainsKey(new ObjectIdentity("Endpoints", service.Name));
        foreach (var slice in item.Slices.IsDefault ? [] : item.Slices)
            if (owners.ContainsKey(new ObjectIdentity("Endpoints", slice.Owner))) return false;
        return true;
    }

    private void Change(ManifestObject? old, ManifestObject? item, ClusterStateBuilder state)
    {
        if (item?.Service is { } service) state.Set(service);
        else if (old?.Service is { } gone) state.RemoveService(gone.Name);
        var kept = item is null || item.Slices.IsDefault ? [] : item.Slices;
        foreach (var slice in kept) state.Set(slice);
        foreach (var slice in old is null || old.Slices.IsDefault ? [] : old.Slices)
        {
            if (kept.All(s => s.Name != slice.Name)) state.RemoveSlice(slice.Name);
        }
        if (item?.Node is { } place) state.SetAny(place);
        else if (old?.Node is { } left) state.RemoveAny(left.Name);
        if (item?.Node?.Name == nodeName) state.Set(node = item!.Node);
        else if (old?.Node?.Name == nodeName) state.Set(node = null);
        if (item?.ServiceCidr is { } cidr) state.Set(cidr);
        else if (old?.ServiceCidr is { } lost) state.RemoveServiceCidr(lost.Name);
    }

    /// <summary>
    /// Services whose Endpoints no control plane mirrors, as it makes their slices from the selector, and that have such slices: those
    /// of a dump. Where there are none, the Endpoints are all that is known.
    /// </summary>
    private static HashSet<ObjectName> Unmirrored(IEnumerable<ManifestObject> objects)
    {
        HashSet<ObjectName> selecting = [], sliced = [];
        foreach (var item in objects)
        {
            if (item.HasSelector) selecting.Add(item.Identity.Name);
            if (item.Identity.Kind == "EndpointSlice" && !item.Slices.IsDefault) sliced.UnionWith(item.Slices.Select(s => s.Owner));
        }
        selecting.IntersectWith(sliced);
        return selecting;
    }

    private void Apply(ManifestObject item, ClusterStateBuilder state)
    {
        if (item.Service is { } service)
        {
            services.Add(service.Name);
            state.Set(service);
        }
        foreach (var slice in item.Slices.IsDefault ? [] : item.Slices)
        {
            slices.Add(slice.Name);
            state.Set(slice);
        }
        if (item.Node is { } place)
        {
            nodes.Add(place.Name);
            state.SetAny(place);
        }
        if (item.Node?.Name == nodeName) node = item.Node;
        if (item.ServiceCidr is not { } cidr) return;
        serviceCidrs.Add(cidr.Name);
        state.Set(cidr);
    }

    /// <summary>Claims what the object needs for itself alone; false when another has it. A refused object claims nothing.</summary>
    private bool IsFree(string file, ManifestObject item)
    {
        if (owners.TryGetValue(item.Identity, out var owner))
        {
            var where = owner == file ? "earlier in this file" : $"in {owner}";
            Refuse(file, item, "", $"is there already {where}, which is used; remove one of them");
            contested.Add(file, item);
            return false;
        }
        if (item.Service is { } service && !IsFree(file, item, service))
        {
            contested.Add(file, item);
            if (!isLenient) return false;
        }
        owners.Add(item.Identity, file);
        return true;
    }

    private bool IsFree(string file, ManifestObject item, Service service)
    {
        var before = problems.Count;
        foreach (var address in service.ClusterIPs)
        {
            if (addresses.TryGetValue(address, out var other))
                Refuse(file, item, "spec.clusterIPs", $"{address} is already allocated to Service {other}; choose another address");
        }
        for (var i = 0; i < service.Ports.Count; i++)
        {
            var number = service.Ports[i].NodePort;
            if (number != 0 && nodePorts.TryGetValue(number, out var other))
                Refuse(file, item, $"spec.ports[{i}].nodePort", $"{number} is already allocated to Service {other}; choose another port");
        }
        var check = service.HealthCheckNodePort;
        if (check != 0 && nodePorts.TryGetValue(check, out var holder))
            Refuse(file, item, "spec.healthCheckNodePort", $"{check} is already allocated to Service {holder}; choose another port");
        else if (check != 0 && service.Ports.Any(p => p.NodePort == check))
            Refuse(file, item, "spec.healthCheckNodePort", $"{check} is a nodePort of this Service; choose another port");
        if (problems.Count > before) return false;

        foreach (var address in service.ClusterIPs) addresses.Add(address, service.Name);
        foreach (var port in service.Ports)
        {
            // One Service may have the same number for two protocols; two Services may not share it.
            if (port.NodePort != 0) nodePorts.TryAdd(port.NodePort, service.Name);
        }
        if (check != 0) nodePorts.Add(check, service.Name);
        return true;
    }

    private void Refuse(string file, ManifestObject item, string field, string reason)
        => problems.Add(new ManifestProblem(true, file, item.Position.Line, item.Position.Column, item.Identity.ToString(), field, reason));
}
