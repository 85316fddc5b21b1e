using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What a Node must be, as far as a proxy reads it (ValidateNode).</summary>
internal static class NodeCheck
{
    public static void Check(Field node)
    {
        MetadataCheck.Check(node["metadata"], NameRules.Dns1123Subdomain, isNamespaced: false);
        var spec = node["spec"];
        Cidr(spec["podCIDR"]);
        foreach (var range in spec["podCIDRs"].Items()) Cidr(range);
        foreach (var taint in spec["taints"].Items())
        {
            if (taint.IsObject() && NameRules.QualifiedName(taint["key"].TextOrEmpty()) is { } reason) taint["key"].Refuse(reason);
        }
        foreach (var address in node["status"]["addresses"].Items())
        {
            if (!address.IsObject()) continue;
            var type = address["type"].Text();
            if (address["address"].Text() is { } text && type is "InternalIP" or "ExternalIP" && !IpAddress.TryParse(text, out _))
                address["address"].Warn($"\"{text}\" is not an IP address and is not used; correct it");
        }
    }

    private static void Cidr(Field field)
    {
        if (field.Text() is { Length: > 0 } text && !AddressRules.IsCidr(text))
            field.Refuse($"\"{text}\" is not a range such as 10.244.1.0/24; correct it");
    }
}
