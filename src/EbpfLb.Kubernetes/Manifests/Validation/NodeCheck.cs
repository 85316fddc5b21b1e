using EbpfLb.Kubernetes.Manifests.Parser;

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
            address["type"].Text();
            address["address"].Text();
        }
    }

    private static void Cidr(Field field)
    {
        if (field.Text() is { Length: > 0 } text && !AddressRules.IsCidr(text))
            field.Refuse($"\"{text}\" is not a range such as 10.244.1.0/24; correct it");
    }
}
