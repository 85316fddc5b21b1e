using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What an Endpoints object must be (ValidateEndpoints).</summary>
internal static class EndpointsCheck
{
    public static void Check(Field endpoints)
    {
        MetadataCheck.Check(endpoints["metadata"], NameRules.Dns1123Subdomain, isNamespaced: true);
        foreach (var subset in endpoints["subsets"].Items())
        {
            if (!subset.IsObject()) continue;
            Field ready = subset["addresses"], notReady = subset["notReadyAddresses"];
            if (ready.Count == 0 && notReady.Count == 0)
                subset.Refuse("needs addresses or notReadyAddresses; add them or remove the subset");
            foreach (var address in ready.Items().Concat(notReady.Items())) Address(address);
            Ports(subset["ports"]);
        }
    }

    private static void Address(Field address)
    {
        if (!address.IsObject()) return;
        var ip = address["ip"];
        if (!ip.IsSet) ip.Refuse("an address needs an ip; set it");
        else if (ip.Text() is { } text)
        {
            if (!IpAddress.TryParse(text, out var parsed)) ip.Refuse($"\"{text}\" is not an IP address; correct it");
            else if (AddressRules.EndpointAddress(parsed) is { } reason) ip.Refuse(reason);
        }
        if (address["hostname"].Text() is { Length: > 0 } host && NameRules.Dns1123Label(host) is { } badHost)
            address["hostname"].Refuse($"\"{host}\": {badHost}");
        if (address["nodeName"].Text() is { } node && NameRules.Dns1123Subdomain(node) is { } badNode)
            address["nodeName"].Refuse($"\"{node}\": {badNode}");
    }

    private static void Ports(Field ports)
    {
        foreach (var port in ports.Items())
        {
            if (!port.IsObject()) continue;
            var name = port["name"].TextOrEmpty();
            if (name.Length == 0 && ports.Count > 1) port["name"].Refuse("ports of a subset with more than one need names; set it");
            else if (name.Length > 0 && NameRules.Dns1123Label(name) is { } reason) port["name"].Refuse($"\"{name}\": {reason}");
            ServiceCheck.OneOf(port["protocol"], ["TCP", "UDP", "SCTP"], "TCP");
            var number = port["port"].Integer();
            if (number is < 1 or > 65535) port["port"].Refuse($"{number} is not between 1 and 65535; correct it");
            else if (!port["port"].IsSet) port["port"].Refuse("a port needs a number; set it to 1 to 65535");
        }
    }
}
