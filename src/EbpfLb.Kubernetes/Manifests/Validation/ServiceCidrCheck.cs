using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What a ServiceCIDR must be (ValidateServiceCIDR): one range, or two of both families.</summary>
internal static class ServiceCidrCheck
{
    public static void Check(Field cidr)
    {
        MetadataCheck.Check(cidr["metadata"], NameRules.Dns1123Subdomain, isNamespaced: false);
        var ranges = cidr["spec"]["cidrs"];
        List<bool> families = [];
        foreach (var range in ranges.Items())
        {
            if (range.Text() is not { } text) continue;
            if (!AddressRules.IsCidr(text)) range.Refuse($"\"{text}\" is not a range such as 10.96.0.0/16; correct it");
            families.Add(text.Contains(':'));
        }
        if (families.Count == 0) ranges.Refuse("is empty; name one range such as 10.96.0.0/16, or two of both families");
        else if (families.Count > 2 || families.Distinct().Count() < families.Count)
            ranges.Refuse("has more than one range of a family; put the others into ServiceCIDRs of their own");
    }
}
