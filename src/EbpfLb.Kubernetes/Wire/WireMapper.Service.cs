using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    /// <summary>
    /// Maps a Service. All Services map, also those that a proxy ignores (ExternalName, headless, labelled): what is
    /// served is for the policy to decide.
    /// </summary>
    public Service Map(WireService wire)
    {
        var name = NameOf(wire);
        var spec = wire.Spec;
        List<RefusedField>? refused = null;
        return new Service(
            name,
            TypeOf(name, spec?.Type),
            ClusterIPsOf(name, spec),
            ServicePortsOf(name, spec?.Ports),
            AffinityOf(name, spec),
            LabelsOf(wire.Metadata))
        {
            ExternalIPs = ExternalIPsOf(name, spec?.ExternalIPs),
            BalancerIPs = BalancerIPsOf(name, wire.Status?.LoadBalancer?.Ingress),
            SourceRanges = SourceRangesOf(name, spec?.LoadBalancerSourceRanges),
            InternalTraffic = TrafficOf(name, "spec.internalTrafficPolicy", spec?.InternalTrafficPolicy),
            ExternalTraffic = TrafficOf(name, "spec.externalTrafficPolicy", spec?.ExternalTrafficPolicy),
            HealthCheckNodePort = NodePortOf(
                name, "spec.healthCheckNodePort", spec?.HealthCheckNodePort, "no port tells of this node's endpoints"),
            Scheduler = SchedulerOf(wire.Metadata?.Annotations, ref refused),
            MaglevTableSize = MaglevTableSizeOf(wire.Metadata?.Annotations, ref refused),
            Forwarding = ForwardingOf(wire.Metadata?.Annotations, ref refused),
            Refused = ListOf(refused),
        };
    }

    private ServiceType TypeOf(ObjectName name, string? text)
    {
        switch (text)
        {
            case null or "" or "ClusterIP": return ServiceType.ClusterIP;
            case "NodePort": return ServiceType.NodePort;
            case "LoadBalancer": return ServiceType.LoadBalancer;
            case "ExternalName": return ServiceType.ExternalName;
            default:
                Warn("Service", name, "spec.type", text, "this type is not known; its addresses and node ports are served, without a "
                    + "health check port; upgrade ebpflb if the type is new");
                return ServiceType.ClusterIP;
        }
    }

    /// <summary>
    /// The first address of each family, judged by its form: the API server keeps ipFamilies[i] in step with
    /// clusterIPs[i], so the form says the same. Servers before dual stack only fill clusterIP.
    /// </summary>
    private ValueList<IpAddress> ClusterIPsOf(ObjectName name, WireServiceSpec? spec)
    {
        var many = spec?.ClusterIPs is { Length: > 0 } list;
        ReadOnlySpan<WireIp> texts = many ? spec!.ClusterIPs : spec?.ClusterIP is { } one ? [one] : [];
        Span<IpAddress> found = stackalloc IpAddress[2];
        var count = 0;
        for (var i = 0; i < texts.Length; i++)
        {
            if (texts[i].Text is { } text)
            {
                if (text is not ("" or "None")) Warn("Service", name, many ? $"spec.clusterIPs[{i}]" : "spec.clusterIP", text, "not "
                    + "an IP address; the entry is ignored; correct it");
                continue;
            }
            var address = texts[i].Address;
            if (count == 0 || (count == 1 && found[0].Family != address.Family)) found[count++] = address;
            else Warn("Service", name, $"spec.clusterIPs[{i}]", address, "a second address of its family; the entry is ignored; a "
                + "Service has at most one of each");
        }
        return ValueList.Create<IpAddress>(found[..count]);
    }

    private ValueList<ServicePort> ServicePortsOf(ObjectName name, WireServicePort[]? wire)
    {
        if (wire is not { Length: > 0 }) return [];
        var ports = new ServicePort[wire.Length];
        var count = 0;
        for (var i = 0; i < wire.Length; i++)
        {
            ref readonly var port = ref wire[i];
            if (ProtocolOf(port.Protocol) is not { } protocol)
                Warn("Service", name, $"spec.ports[{i}].protocol", port.Protocol, "must be TCP, UDP or SCTP; the port is "
                    + "ignored; correct it");
            else if (port.Port is not (> 0 and <= ushort.MaxValue))
                Warn("Service", name, $"spec.ports[{i}].port", port.Port, "must be 1 to 65535; the port is ignored; correct it");
            else
                ports[count++] = new ServicePort(
                    port.Name ?? "", protocol, (ushort)port.Port,
                    NodePortOf(name, $"spec.ports[{i}].nodePort", port.NodePort, "the port has no node port"));
        }
        return ValueList.Create<ServicePort>(ports.AsSpan(0, count));
    }

    private uint AffinityOf(ObjectName name, WireServiceSpec? spec)
    {
        switch (spec?.SessionAffinity)
        {
            case null or "" or "None":
                return 0;
            case "ClientIP":
                var seconds = spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds;
                if (seconds is > 0 and <= uint.MaxValue) return (uint)seconds;
                if (seconds is not null)
                    Warn("Service", name, "spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, $"must be 1 to 86400; "
                        + $"{Service.DefaultAffinitySeconds} is used; correct it");
                return Service.DefaultAffinitySeconds;
            default:
                Warn("Service", name, "spec.sessionAffinity", spec.SessionAffinity, "must be None or ClientIP; no affinity is "
                    + "used; correct it");
                return 0;
        }
    }
}
