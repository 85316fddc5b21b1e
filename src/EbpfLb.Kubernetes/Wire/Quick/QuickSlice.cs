using EbpfLb.Kubernetes.Manifests.Validation;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>
/// An EndpointSlice, read once; see <see cref="QuickReader"/>. What is not declined passes <see cref="EndpointSliceCheck"/> without a
/// word. FQDN slices are declined.
/// </summary>
internal static class QuickSlice
{
    private const int MostEndpoints = 1000;
    private const int MostPorts = 64;
    private const int MostHints = 8;

    /// <param name="saysKind">It has to say itself what it is.</param>
    public static WireEndpointSlice Read(ref QuickReader reader, bool saysKind)
    {
        var slice = new WireEndpointSlice();
        var said = 0;
        var (has4, has6) = (false, false);
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("metadata"u8)) slice.Metadata = QuickMetadata.Read(ref reader, NameRules.Dns1123Subdomain);
            else if (reader.Is("addressType"u8)) slice.AddressType = reader.Text("IPv4", "IPv6");
            else if (reader.Is("endpoints"u8)) slice.Endpoints = Endpoints(ref reader, ref has4, ref has6);
            else if (reader.Is("ports"u8)) slice.Ports = Ports(ref reader);
            else if (reader.Says("discovery.k8s.io/v1", "EndpointSlice")) said++;
            else reader.Decline();
        }
        reader.Require(!saysKind || said == 2);
        reader.Require(slice.Metadata?.Labels?.ServiceName is { Length: > 0 });
        reader.Require(slice.AddressType == "IPv4" ? !has6 : slice.AddressType == "IPv6" && !has4);
        return slice;
    }

    private static WireEndpoint[] Endpoints(ref QuickReader reader, ref bool has4, ref bool has6)
    {
        var endpoints = new WireEndpoint[4];
        var count = 0;
        reader.BeginArray();
        while (reader.NextItem())
        {
            reader.Require(count < MostEndpoints);
            if (count == endpoints.Length) Array.Resize(ref endpoints, count * 2);
            Endpoint(ref reader, ref endpoints[count++], ref has4, ref has6);
        }
        return count == endpoints.Length ? endpoints : endpoints[..count];
    }

    private static void Endpoint(ref QuickReader reader, ref WireEndpoint endpoint, ref bool has4, ref bool has6)
    {
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("addresses"u8)) endpoint.Addresses = Addresses(ref reader, ref has4, ref has6);
            else if (reader.Is("conditions"u8)) endpoint.Conditions = Conditions(ref reader);
            else if (reader.Is("nodeName"u8)) endpoint.NodeName = reader.Pooled(reader.Text(NameRules.Dns1123Subdomain));
            else if (reader.Is("zone"u8)) endpoint.Zone = reader.Pooled(reader.Text());
            else if (reader.Is("hostname"u8)) reader.Text(NameRules.Dns1123Label);
            else if (reader.Is("hints"u8)) endpoint.Hints = Hints(ref reader);
            else reader.Skip();
        }
        reader.Require(endpoint.Addresses is not null);
    }

    /// <summary>One, as every control plane writes.</summary>
    private static WireIp[] Addresses(ref QuickReader reader, ref bool has4, ref bool has6)
    {
        reader.BeginArray();
        reader.NextItem();
        var address = reader.Address();
        if (address.Family == IpFamily.IPv4) has4 = true;
        else has6 = true;
        if (reader.NextItem() || AddressRules.EndpointAddress(address) is not null) reader.Decline();
        return [new WireIp(address)];
    }

    private static WireHints Hints(ref QuickReader reader)
    {
        var hints = new WireHints();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("forZones"u8)) hints.ForZones = Names(ref reader, NameRules.LabelValue);
            else if (reader.Is("forNodes"u8)) hints.ForNodes = Names(ref reader, NameRules.Dns1123Subdomain);
            else reader.Skip();
        }
        return hints;
    }

    private static WireNamed[] Names(ref QuickReader reader, MetadataCheck.NameRule rule)
    {
        var names = new List<WireNamed>(1);
        reader.BeginArray();
        while (reader.NextItem())
        {
            string? name = null;
            var first = reader.BeginObject();
            while (reader.NextMember(first))
            {
                if (reader.Is("name"u8)) name = reader.Pooled(reader.Text(rule));
                else reader.Skip();
            }
            reader.Require(name is not null && names.Count < MostHints && !names.Exists(n => n.Name == name));
            names.Add(new WireNamed { Name = name });
        }
        return [.. names];
    }

    private static WireConditions Conditions(ref QuickReader reader)
    {
        var conditions = new WireConditions();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("ready"u8)) conditions.Ready = reader.Flag();
            else if (reader.Is("serving"u8)) conditions.Serving = reader.Flag();
            else if (reader.Is("terminating"u8)) conditions.Terminating = reader.Flag();
            else reader.Skip();
        }
        return conditions;
    }

    private static WireEndpointPort[] Ports(ref QuickReader reader)
    {
        var ports = new List<WireEndpointPort>(1);
        reader.BeginArray();
        while (reader.NextItem())
        {
            var port = Port(ref reader);
            foreach (var other in ports) reader.Require((other.Name ?? "") != (port.Name ?? ""));
            reader.Require(ports.Count < MostPorts);
            ports.Add(port);
        }
        return [.. ports];
    }

    private static WireEndpointPort Port(ref QuickReader reader)
    {
        var port = new WireEndpointPort();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("name"u8)) port.Name = QuickService.PortName(ref reader);
            else if (reader.Is("protocol"u8)) port.Protocol = reader.Text("TCP", "UDP", "SCTP");
            else if (reader.Is("port"u8)) port.Port = reader.Integer(1, ushort.MaxValue);
            else if (reader.Is("appProtocol"u8)) reader.Text(NameRules.QualifiedName);
            else reader.Skip();
        }
        reader.Require(port.Port is not null);
        return port;
    }
}
