using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    /// <summary>
    /// Maps an Endpoints object as a control plane mirrors it: one slice per subset and family, notReadyAddresses
    /// not ready, the Service is the one of the same name. For manifests only: an API server does the mirroring
    /// itself. The slices' names hold a ':', so they never meet the name of a real slice.
    /// </summary>
    public IReadOnlyList<EndpointSlice> Map(WireEndpoints wire)
    {
        if (wire.Subsets is not { Length: > 0 } subsets || wire.Metadata?.Labels?.SkipMirror is "true"
            || wire.Metadata?.Annotations?.Leader is not null) return [];
        var name = NameOf(wire);
        var weights = WeightsOf(wire.Metadata?.Annotations);
        var slices = new List<EndpointSlice>(subsets.Length);
        for (var i = 0; i < subsets.Length; i++)
        {
            // As for an API server, null is one without anything.
            if (subsets[i] is not { } subset) continue;
            List<Endpoint> v4 = [], v6 = [];
            Collect(name, $"subsets[{i}].addresses", subset.Addresses, EndpointConditions.Default, weights, v4, v6);
            Collect(name, $"subsets[{i}].notReadyAddresses", subset.NotReadyAddresses, EndpointConditions.Serving, weights, v4, v6);
            if (v4.Count + v6.Count == 0) continue;
            var ports = EndpointPortsOf("Endpoints", name, $"subsets[{i}].ports", subset.Ports);
            foreach (var (family, endpoints) in new[] { (IpFamily.IPv4, v4), (IpFamily.IPv6, v6) })
            {
                if (endpoints.Count == 0) continue;
                slices.Add(new EndpointSlice(
                    name with { Name = $"{name.Name}:{i}:{family}" },
                    name.Name,
                    family,
                    ports,
                    endpoints.ToValueList(),
                    LabelsOf(wire.Metadata),
                    TriggerTimeOf(wire.Metadata))
                {
                    Refused = ListOf(weights.Refused),
                });
            }
        }
        return slices;
    }

    private void Collect(
        ObjectName name, string field, WireEndpointAddress[]? wire, EndpointConditions conditions, in EndpointWeights weights,
        List<Endpoint> v4, List<Endpoint> v6)
    {
        for (var i = 0; i < wire?.Length; i++)
        {
            if (wire[i].IP is not { Text: null } ip)
                Warn("Endpoints", name, $"{field}[{i}].ip", wire[i].IP?.Text, "not an IP address; the endpoint is ignored; correct it");
            else
                (ip.Address.Family == IpFamily.IPv4 ? v4 : v6)
                    .Add(new Endpoint(ip.Address, conditions, SetOf(wire[i].NodeName), Weight: weights.Of(ip.Address)));
        }
    }
}
