using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    /// <summary>Maps a slice; null when a proxy has no use for it: addressType FQDN, or no Service named (with a warning).</summary>
    public EndpointSlice? Map(WireEndpointSlice wire)
    {
        var name = NameOf(wire);
        if (FamilyOf(name, wire.AddressType) is not { } family) return null;
        if (wire.Metadata?.Labels?.ServiceName is not { Length: > 0 } service)
        {
            Warn("EndpointSlice", name, "metadata.labels[kubernetes.io/service-name]", "", "it names no Service; the slice is "
                + "ignored; set the label to the Service's name");
            return null;
        }
        var weights = WeightsOf(wire.Metadata?.Annotations);
        return new EndpointSlice(
            name,
            service,
            family,
            EndpointPortsOf("EndpointSlice", name, "ports", wire.Ports),
            EndpointsOf(name, family, wire.Endpoints, weights),
            LabelsOf(wire.Metadata),
            TriggerTimeOf(wire.Metadata))
        {
            Refused = ListOf(weights.Refused),
        };
    }

    private IpFamily? FamilyOf(ObjectName name, string? addressType)
    {
        switch (addressType)
        {
            case "IPv4": return IpFamily.IPv4;
            case "IPv6": return IpFamily.IPv6;
            case "FQDN": return null;
            default:
                Warn("EndpointSlice", name, "addressType", addressType, "must be IPv4, IPv6 or FQDN; the slice is ignored; correct it");
                return null;
        }
    }

    /// <summary>Ports with a number; nil or 0 would mean "all ports", which no proxy supports (docs/contract.md 3).</summary>
    private ValueList<EndpointPort> EndpointPortsOf(string kind, ObjectName name, string field, WireEndpointPort[]? wire)
    {
        if (wire is not { Length: > 0 }) return [];
        var ports = new EndpointPort[wire.Length];
        var count = 0;
        for (var i = 0; i < wire.Length; i++)
        {
            ref readonly var port = ref wire[i];
            if (port.Port is null or 0) continue;
            if (ProtocolOf(port.Protocol) is not { } protocol)
                Warn(kind, name, $"{field}[{i}].protocol", port.Protocol, "must be TCP, UDP or SCTP; the port is ignored; correct it");
            else if (port.Port is not (> 0 and <= ushort.MaxValue))
                Warn(kind, name, $"{field}[{i}].port", port.Port, "must be 1 to 65535; the port is ignored; correct it");
            else
                ports[count++] = new EndpointPort(port.Name ?? "", protocol, (ushort)port.Port);
        }
        return portLists.Share(ValueList.Create<EndpointPort>(ports.AsSpan(0, count)));
    }

    private ValueList<Endpoint> EndpointsOf(ObjectName name, IpFamily family, WireEndpoint[]? wire, in EndpointWeights weights)
    {
        if (wire is not { Length: > 0 }) return [];
        var endpoints = new Endpoint[wire.Length];
        var count = 0;
        for (var i = 0; i < wire.Length; i++)
        {
            ref readonly var endpoint = ref wire[i];
            if (endpoint.Addresses is not { Length: > 0 } addresses)
                Warn("EndpointSlice", name, $"endpoints[{i}].addresses", "", "an endpoint needs an address; it is ignored; add one");
            else if (addresses[0].Text is { } text)
                Warn("EndpointSlice", name, $"endpoints[{i}].addresses[0]", text, "not an IP address; the endpoint is ignored; correct it");
            else if (addresses[0].Address.Family != family)
                Warn("EndpointSlice", name, $"endpoints[{i}].addresses[0]", addresses[0].Address, $"not {family} as addressType "
                    + "says; the endpoint is ignored; put it into a slice of its own family");
            else
            {
                endpoints[count++] = new Endpoint(
                    addresses[0].Address, ConditionsOf(endpoint.Conditions.GetValueOrDefault()), SetOf(endpoint.NodeName),
                    HintsOf(endpoint.Hints), weights.Of(addresses[0].Address))
                {
                    Zone = SetOf(endpoint.Zone),
                };
            }
        }
        return ValueList.Create<Endpoint>(endpoints.AsSpan(0, count));
    }

    private static EndpointConditions ConditionsOf(WireConditions wire)
        => (wire.Ready ?? true ? EndpointConditions.Ready : EndpointConditions.None)
            | (wire.Serving ?? true ? EndpointConditions.Serving : EndpointConditions.None)
            | (wire.Terminating ?? false ? EndpointConditions.Terminating : EndpointConditions.None);

    private static string? SetOf(string? text) => text is { Length: > 0 } ? text : null;

    private EndpointHints? HintsOf(WireHints? wire)
    {
        if (wire is null) return null;
        ValueList<string> zones = NamesOf(wire.ForZones), nodes = NamesOf(wire.ForNodes);
        return zones.IsEmpty && nodes.IsEmpty ? null : hints.Share(new EndpointHints(zones, nodes));
    }

    private static ValueList<string> NamesOf(WireNamed[]? wire) => wire is { Length: > 0 }
        ? wire.Where(n => n.Name is { Length: > 0 }).Select(n => n.Name!).ToValueList()
        : [];

    /// <summary>RFC 3339 with up to nine fractional digits; unreadable counts as missing (docs/contract.md 13).</summary>
    private static DateTimeOffset? TriggerTimeOf(WireMetadata? metadata)
        => DateTimeOffset.TryParse(
            metadata?.Annotations?.LastChangeTriggerTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
}
