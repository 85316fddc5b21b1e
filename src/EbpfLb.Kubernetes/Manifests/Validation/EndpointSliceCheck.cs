using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What an EndpointSlice must be (ValidateEndpointSlice of discovery.k8s.io/v1).</summary>
internal static class EndpointSliceCheck
{
    private const int MostEndpoints = 1000;
    private const int MostAddresses = 100;
    private const int MostPorts = 20000;
    private const int MostHints = 8;
    private const string ServiceLabel = "kubernetes.io/service-name";

    public static void Check(Field slice)
    {
        MetadataCheck.Check(slice["metadata"], NameRules.Dns1123Subdomain, isNamespaced: true);
        KnownFields.Warn(slice, KnownFields.EndpointSlice);
        if (slice["metadata"]["labels"][ServiceLabel].TextOrEmpty().Length == 0)
            slice["metadata"]
                .Warn($"no label {ServiceLabel}: the slice belongs to no Service and is not used; set it to the Service's name");
        var type = slice["addressType"];
        if (!type.IsSet || (type.HoldsText && type.TextOrEmpty().Length == 0)) type.Refuse("is needed; set it to IPv4, IPv6 or FQDN");
        var family = ServiceCheck.OneOf(type, ["IPv4", "IPv6", "FQDN"], "");
        Endpoints(slice["endpoints"], family);
        Ports(slice["ports"]);
    }

    private static void Endpoints(Field endpoints, string family)
    {
        if (endpoints.Count > MostEndpoints)
        {
            endpoints.Refuse($"{endpoints.Count} endpoints; {MostEndpoints} are the most in one slice: split it");
            return;
        }
        foreach (var endpoint in endpoints.Items())
        {
            if (!endpoint.IsObject()) continue;
            var hasAddresses = false;
            // One pass over what is there: a slice has hundreds of endpoints, and this is where loading spends its time.
            foreach (var (name, value) in endpoint.Members())
            {
                switch (name)
                {
                    case "addresses":
                        hasAddresses = value.Count > 0;
                        Addresses(value, family);
                        break;
                    case "conditions":
                        Conditions(value);
                        break;
                    case "nodeName" when value.Text() is { } node && NameRules.Dns1123Subdomain(node) is { } reason:
                        value.Refuse($"\"{node}\": {reason}");
                        break;
                    case "hostname" when value.Text() is { } host && NameRules.Dns1123Label(host) is { } reason:
                        value.Refuse($"\"{host}\": {reason}");
                        break;
                    case "hints":
                        Hints(value);
                        break;
                }
            }
            if (!hasAddresses) endpoint["addresses"].Refuse("an endpoint needs an address; add one");
        }
    }

    private static void Addresses(Field addresses, string family)
    {
        if (addresses.Count > MostAddresses) addresses.Refuse($"{addresses.Count} addresses; {MostAddresses} are the most: remove some");
        foreach (var address in addresses.Items()) Address(address, family);
    }

    private static void Address(Field field, string family)
    {
        if (field.Text() is not { } text) return;
        if (family == "FQDN")
        {
            if (NameRules.Dns1123Subdomain(text.EndsWith('.') ? text.AsSpan()[..^1] : text) is { } reason
                || !text.AsSpan().TrimEnd('.').Contains('.'))
                field.Refuse($"\"{text}\" is not a fully qualified domain name such as a.example.com; correct it");
        }
        else if (!IpAddress.TryParse(text, out var address))
        {
            field.Refuse($"\"{text}\" is not an IP address; correct it");
        }
        else
        {
            if (family.Length > 0 && address.Family.ToString() != family)
                field.Refuse($"{text} is not {family} as addressType says; put it into a slice of its own family");
            if (AddressRules.EndpointAddress(address) is { } reason) field.Refuse(reason);
        }
    }

    private static void Conditions(Field conditions)
    {
        foreach (var (name, value) in conditions.Members())
        {
            if (name is "ready" or "serving" or "terminating") value.Flag();
        }
    }

    private static void Hints(Field hints)
    {
        if (!hints.IsObject()) return;
        foreach (var kind in new[] { "forZones", "forNodes" })
        {
            var list = hints[kind];
            if (list.Count > MostHints) list.Refuse($"{list.Count} hints; {MostHints} are the most: remove some");
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in list.Items())
            {
                var name = item["name"];
                var text = name.TextOrEmpty();
                if (!seen.Add(text)) name.Refuse($"\"{text}\" is there already; remove one");
                var reason = kind == "forZones" ? NameRules.LabelValue(text) : NameRules.Dns1123Subdomain(text);
                if (reason is not null) name.Refuse($"\"{text}\": {reason}");
            }
        }
    }

    private static void Ports(Field ports)
    {
        if (ports.Count > MostPorts)
        {
            ports.Refuse($"{ports.Count} ports; {MostPorts} are the most in one slice: split it");
            return;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var port in ports.Items())
        {
            if (!port.IsObject()) continue;
            var name = port["name"].TextOrEmpty();
            if (name.Length > 0 && NameRules.Dns1123Label(name) is { } reason) port["name"].Refuse($"\"{name}\": {reason}");
            if (!names.Add(name)) port["name"].Refuse($"\"{name}\" is the name of another port already; rename one");
            ServiceCheck.OneOf(port["protocol"], ["TCP", "UDP", "SCTP"], "TCP");
            // The API takes a slice port of any number and without one; proxies leave such out (docs/contract.md 3).
            if (port["port"].Integer() is { } number and (< 1 or > 65535))
                port["port"].Warn($"{number} is not between 1 and 65535: the port is not served; correct it");
            else if (!port["port"].IsSet) port["port"].Warn("a port without a number (\"all ports\") is not served; set the number");
            if (port["appProtocol"].Text() is { } text && NameRules.QualifiedName(text) is { } why)
                port["appProtocol"].Refuse($"\"{text}\": {why}");
        }
    }
}
