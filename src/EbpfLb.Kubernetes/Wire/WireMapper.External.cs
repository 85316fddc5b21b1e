using EbpfLb.Kubernetes.Manifests.Validation;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>What a Service says about clients outside of the cluster.</summary>
internal sealed partial class WireMapper
{
    private ValueList<IpAddress> ExternalIPsOf(ObjectName name, WireIp[]? wire)
    {
        if (wire is not { Length: > 0 }) return [];
        var found = new List<IpAddress>(wire.Length);
        for (var i = 0; i < wire.Length; i++) AddAddress(name, $"spec.externalIPs[{i}]", wire[i], found);
        return found.ToValueList();
    }

    /// <summary>The addresses that are a VIP: ipMode is unset on servers before 1.29, and that means VIP.</summary>
    private ValueList<IpAddress> BalancerIPsOf(ObjectName name, WireIngress[]? wire)
    {
        if (wire is not { Length: > 0 }) return [];
        var found = new List<IpAddress>(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            var field = $"status.loadBalancer.ingress[{i}]";
            // A load balancer with a host name has no address here.
            if (wire[i].IP is not { } ip || ip.Text is "") continue;
            if (wire[i].IPMode is null or "" or "VIP") AddAddress(name, $"{field}.ip", ip, found);
            else if (wire[i].IPMode is not "Proxy")
                Warn("Service", name, $"{field}.ipMode", wire[i].IPMode, "must be VIP or Proxy; the address is left to the load balancer; "
                    + "upgrade ebpflb if the mode is new");
        }
        return found.ToValueList();
    }

    private void AddAddress(ObjectName name, string field, WireIp wire, List<IpAddress> found)
    {
        if (wire.Text is { } text)
            Warn("Service", name, field, text, "not an IP address; the entry is ignored; correct it");
        else if (AddressRules.ServiceAddress(wire.Address) is { } reason)
            Warn("Service", name, field, wire.Address, $"the entry is ignored: {reason}");
        else
            found.Add(wire.Address);
    }

    private ValueList<SourceRange> SourceRangesOf(ObjectName name, string[]? wire)
    {
        if (wire is not { Length: > 0 }) return [];
        var found = new List<SourceRange>(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            if (SourceRange.TryParse(wire[i], out var range)) found.Add(range);
            else
                Warn("Service", name, $"spec.loadBalancerSourceRanges[{i}]", wire[i], "not a range such as 10.240.0.0/24 or 2001:db8::/64; "
                    + "the entry is ignored, and without entries of a family all its sources may connect; correct it");
        }
        return found.ToValueList();
    }

    /// <summary>Unset is Cluster; servers before 1.22 have no internalTrafficPolicy.</summary>
    private TrafficPolicy TrafficOf(ObjectName name, string field, string? text)
    {
        if (text is "Local") return TrafficPolicy.Local;
        if (text is not (null or "" or "Cluster"))
            Warn("Service", name, field, text, "must be Cluster or Local; Cluster is used; correct it");
        return TrafficPolicy.Cluster;
    }

    private ushort NodePortOf(ObjectName name, string field, long? value, string effect)
    {
        if (value is null or (>= 0 and <= ushort.MaxValue)) return (ushort)(value ?? 0);
        Warn("Service", name, field, value, $"must be 1 to 65535; {effect}; correct it");
        return 0;
    }
}
