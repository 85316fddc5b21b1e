using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Explain;

/// <summary>Why a list of a service port has no backend.</summary>
public static class NoBackends
{
    /// <summary>In one sentence.</summary>
    /// <param name="entry">The Service with its slices; null: there are none.</param>
    /// <param name="isLocal">The Local list is asked, which has only endpoints of this node.</param>
    /// <param name="drains">Those in force on this node.</param>
    public static string Reason(
        ServiceEntry? entry, ServicePortKey key, bool isLocal, string nodeName, ValueList<BackendDrain> drains = default)
    {
        var (all, ready, here, drained) = (0, 0, 0, 0);
        var port = new ServicePort(key.PortName, key.Protocol, 0, 0);
        foreach (ref readonly var endpoint in new EndpointUnion()
            .Merge(entry?.Slices ?? [], port, key.Family, new ServiceDrains(drains, key.Service)))
        {
            all++;
            if (endpoint.Drain != DrainState.None) drained++;
            if (!endpoint.IsReady) continue;
            ready++;
            if (endpoint.Endpoint.NodeName == nodeName) here++;
        }
        if (all == 0) return NoEndpoint(entry, key);
        if (ready == 0 && drained > 0)
            return $"none of its {all} endpoints can be used, {drained} as `ebpflb drain` drains them: see `ebpflb drain`";
        if (ready == 0) return $"none of its {all} endpoints is ready: look at the readiness of its pods";
        return isLocal && here == 0
            ? $"none of its {ready} ready endpoints is on node {nodeName}, and the traffic policy is Local"
            : $"none of its {ready} ready endpoints can be used: see `ebpflb explain`";
    }

    /// <summary>No slice has an endpoint for the port.</summary>
    internal static string NoEndpoint(ServiceEntry? entry, ServicePortKey key)
    {
        var slices = entry?.Slices.Where(s => s.Labels == ServiceLabels.None).ToList() ?? [];
        if (slices.Count == 0) return $"Service {key.Service} has no EndpointSlice: does its selector match pods that run?";
        if (!slices.Exists(s => s.Family == key.Family)) return $"Service {key.Service} has no EndpointSlice of {key.Family}";
        var ports = slices.Where(s => s.Family == key.Family).SelectMany(s => s.Ports).Distinct().ToList();
        if (ports.Exists(p => p.Name == key.PortName && p.Protocol == key.Protocol))
            return $"the EndpointSlices of Service {key.Service} have no endpoint: does its selector match pods that run?";
        var names = ports.Count == 0 ? "no ports" : string.Join(", ", ports.Select(p => $"\"{p.Name}\"/{p.Protocol.ToText()}"));
        return $"no EndpointSlice of Service {key.Service} has a port \"{key.PortName}\" with "
            + $"{key.Protocol.ToText()}; they have {names}: ports are matched by name and protocol, not by number";
    }
}

/// <summary>Why a Service is not served.</summary>
public static class NotServed
{
    /// <summary>null: it is served, or has only no address of a family.</summary>
    public static string? Reason(Service service)
    {
        if (service.Type == ServiceType.ExternalName) return "its type is ExternalName";
        if (service.Labels.HasFlag(ServiceLabels.ProxyName))
            return "the label service.kubernetes.io/service-proxy-name gives it to another proxy";
        if (service.Labels.HasFlag(ServiceLabels.Headless)) return "it has the label service.kubernetes.io/headless";
        return service.ClusterIPs.IsEmpty ? "it is headless: its clients connect to the pods themselves" : null;
    }
}
