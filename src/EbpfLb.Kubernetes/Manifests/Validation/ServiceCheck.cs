using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// What a Service must be, after ValidateService of Kubernetes 1.35 with the API's defaults applied. Mixed protocols
/// of a LoadBalancer are fine since 1.24; older servers refuse them.
/// </summary>
internal sealed class ServiceCheck(ManifestOptions options)
{
    private const int KubeletPort = 10250;
    private const string LocalLoadBalancerOnly
        = "may only be set when type is LoadBalancer and externalTrafficPolicy is Local; remove it or change these";
    private static readonly string[] Types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];

    public void Check(Field service)
    {
        MetadataCheck.Check(service["metadata"], NameRules.Dns1123Label, isNamespaced: true);
        var spec = service["spec"];
        spec.IsObject();
        KnownFields.Warn(spec, KnownFields.ServiceSpec);

        var type = OneOf(spec["type"], Types, "ClusterIP");
        var addresses = ClusterAddresses.Read(spec, type);
        Ports(spec, type, addresses.IsHeadless);
        MetadataCheck.Labels(spec["selector"]);
        Affinity(spec);
        ExternalName(spec, type);
        var hasExternalIPs = ExternalAddresses(spec["externalIPs"]);
        LoadBalancer(spec, type);
        TrafficPolicies(spec, type, hasExternalIPs);
        BalancerStatusCheck.Check(service["status"]["loadBalancer"]["ingress"], type);
        OneOf(spec["trafficDistribution"], ["PreferClose", "PreferSameZone", "PreferSameNode"], "");
        addresses.Check(spec, type);
    }

    /// <summary>The value when it is allowed or unset, else the default, after saying so.</summary>
    public static string OneOf(Field field, string[] allowed, string unset)
    {
        if (field.Text() is not { Length: > 0 } text) return unset;
        if (allowed.Contains(text)) return text;
        field.Refuse($"\"{text}\" is not supported; use one of {string.Join(", ", allowed)}");
        return unset;
    }

    private void Ports(Field spec, string type, bool isHeadless)
    {
        var ports = spec["ports"];
        if (ports.Count == 0 && !isHeadless && type != "ExternalName" && (ports.HoldsList || !ports.IsSet))
            ports.Refuse("a Service needs at least one port; add one, or set clusterIP: None");
        if (isHeadless && (type is "NodePort" or "LoadBalancer"))
            spec["clusterIP"].Refuse($"may not be None for {type} Services; remove it or change the type");
        var check = new ServicePortCheck(options, type, requireName: ports.Count > 1);
        foreach (var port in ports.Items())
        {
            var number = check.Check(port);
            if (type == "LoadBalancer" && number == KubeletPort)
                port["port"].Refuse($"{KubeletPort} may not be exposed externally since the kubelet uses it; choose another port");
        }
    }

    private static void Affinity(Field spec)
    {
        var affinity = OneOf(spec["sessionAffinity"], ["ClientIP", "None"], "None");
        var config = spec["sessionAffinityConfig"];
        if (!config.IsSet || !config.IsObject()) return;
        if (affinity == "None")
        {
            // The API's defaults drop the config before anyone could refuse it.
            config.Warn("has no effect without sessionAffinity: ClientIP; add that or remove this");
            return;
        }
        var timeout = config["clientIP"]["timeoutSeconds"];
        if (timeout.Integer() is { } seconds and (< 1 or > 86400)) timeout.Refuse($"{seconds} is not between 1 and 86400; correct it");
    }

    private static void ExternalName(Field spec, string type)
    {
        var name = spec["externalName"];
        if (type != "ExternalName") return;
        var text = name.TextOrEmpty();
        // A dot at the end marks the name as complete.
        if (text.Length == 0) name.Refuse("an ExternalName Service needs the name it stands for; set it");
        else if (NameRules.Dns1123Subdomain(text.EndsWith('.') ? text.AsSpan()[..^1] : text) is { } reason)
            name.Refuse($"\"{text}\": {reason}");
    }

    private static bool ExternalAddresses(Field addresses)
    {
        foreach (var item in addresses.Items())
        {
            if (item.Text() is not { } text) continue;
            if (!IpAddress.TryParse(text, out var address)) item.Refuse($"\"{text}\" is not an IP address; correct it");
            else if (AddressRules.EndpointAddress(address) is { } reason) item.Refuse(reason);
        }
        return addresses.Count > 0;
    }

    private static void LoadBalancer(Field spec, string type)
    {
        const string Only = "may only be used when type is LoadBalancer; remove it or change the type";
        var isLoadBalancer = type == "LoadBalancer";
        var ranges = spec["loadBalancerSourceRanges"];
        if (ranges.Count > 0 && !isLoadBalancer) ranges.Refuse(Only);
        foreach (var range in ranges.Items())
        {
            // Blanks around a range are trimmed (docs/contract.md 1).
            if (range.Text() is { } text && !SourceRange.TryParse(text, out _))
                range.Refuse($"\"{text}\" is not a range such as 10.240.0.0/24 or 2001:db8::/64; correct it");
        }
        var allocate = spec["allocateLoadBalancerNodePorts"];
        allocate.Flag();
        if (allocate.IsSet && !isLoadBalancer) allocate.Refuse(Only);
        var balancer = spec["loadBalancerClass"];
        if (balancer.Text() is { } name && NameRules.QualifiedName(name) is { } reason) balancer.Refuse($"\"{name}\": {reason}");
        if (balancer.IsSet && !isLoadBalancer) balancer.Refuse(Only);
    }

    private void TrafficPolicies(Field spec, string type, bool hasExternalIPs)
    {
        OneOf(spec["internalTrafficPolicy"], ["Cluster", "Local"], "Cluster");
        var external = spec["externalTrafficPolicy"];
        var policy = OneOf(external, ["Cluster", "Local"], "");
        var isExternal = type is "NodePort" or "LoadBalancer" || (type == "ClusterIP" && hasExternalIPs);
        if (policy.Length > 0 && !isExternal)
            external.Refuse("may only be set for externally-accessible Services (NodePort, LoadBalancer, or with externalIPs); remove it");

        var port = spec["healthCheckNodePort"];
        if (port.Integer() is not { } number || number == 0) return;
        if (type != "LoadBalancer" || policy != "Local") port.Refuse($"{number} {LocalLoadBalancerOnly}");
        else if (!options.IsNodePort(number))
            port.Refuse($"{number} is not in the valid range {options.NodePortRange}; choose one of these");
    }
}
