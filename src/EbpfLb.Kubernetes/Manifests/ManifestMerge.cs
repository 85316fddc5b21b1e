using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>
/// Joins the files into one state as an API server would that got them in the order of their names: the first object of
/// a name stays, and a Service that wants an address or node port that another one has is refused.
/// </summary>
/// <param name="nodeName">The node whose object is kept.</param>
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
    private Node? node;

    /// <summary>Brings the state to what the files say; returns what is wrong between them.</summary>
    public IReadOnlyList<ManifestProblem> Apply(IEnumerable<(string File, ManifestContent Content)> files, ClusterStateBuilder state)
    {
        var unmirrored = Unmirrored(files.SelectMany(f => f.Content.Objects));
        foreach (var (file, content) in files)
        {
            foreach (var item in content.Objects)
            {
                if (IsFree(file, item) && !(item.Identity.Kind == "Endpoints" && unmirrored.Contains(item.Identity.Name))) Apply(item, state);
            }
        }
        foreach (var gone in state.ServiceNames.Where(name => !services.Contains(name)).ToList()) state.RemoveService(gone);
        foreach (var gone in state.SliceNames.Where(name => !slices.Contains(name)).ToList()) state.RemoveSlice(gone);
        foreach (var gone in state.ServiceCidrNames.Where(name => !serviceCidrs.Contains(name)).ToList()) state.RemoveServiceCidr(gone);
        state.Set(node);
        return problems;
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
            return false;
        }
        if (item.Service is { } service && !IsFree(file, item, service) && !isLenient) return false;
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
