using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy of a Service, and whether they agree
/// (ValidateServiceClusterIPsRelatedFields, and what the allocator of 1.23 and newer asks for).
/// </summary>
internal sealed class ClusterAddresses
{
    private readonly string single;
    private readonly List<string> all;

    private ClusterAddresses(string single, List<string> all)
    {
        this.single = single;
        this.all = all;
    }

    public bool IsHeadless => single == "None" || (single.Length == 0 && all is ["None"]);

    public static ClusterAddresses Read(Field spec, string type)
    {
        var clusterIP = spec["clusterIP"].TextOrEmpty();
        List<string> clusterIPs = [.. spec["clusterIPs"].Items().Select(item => item.TextOrEmpty())];
        return new ClusterAddresses(type == "ExternalName" ? "" : clusterIP, clusterIPs);
    }

    public void Check(Field spec, string type)
    {
        if (type == "ExternalName")
        {
            foreach (var name in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
            {
                var field = spec[name];
                if (field.Count > 0 || (field.HoldsText && field.TextOrEmpty().Length > 0))
                    field.Refuse("may not be set for ExternalName Services; remove it");
            }
            return;
        }
        var families = Families(spec["ipFamilies"]);
        var policy = ServiceCheck.OneOf(spec["ipFamilyPolicy"], ["SingleStack", "PreferDualStack", "RequireDualStack"], "");
        var addresses = Addresses(spec);
        var isDual = policy is "PreferDualStack" or "RequireDualStack";
        if (all.Count == 2 && !isDual && !all.Contains("None"))
            spec["ipFamilyPolicy"].Refuse("must be PreferDualStack or RequireDualStack when there are two clusterIPs; set it");
        if (families.Count == 2 && !isDual)
            spec["ipFamilyPolicy"].Refuse("must be PreferDualStack or RequireDualStack when there are two ipFamilies; set it");
        for (var i = 0; i < Math.Min(addresses.Count, families.Count); i++)
        {
            if (addresses[i].Family.ToString() != families[i])
                spec["clusterIPs"].Refuse($"{addresses[i]} is not {families[i]} as ipFamilies[{i}] says; correct one of them");
        }
        if (IsHeadless || spec.Context.IsRefused) return;
        if (addresses.Count == 0)
            spec["clusterIP"]
                .Warn("is empty: no ClusterIP will be served; set one (an API server would choose it, a manifest directory cannot)");
        else if (addresses.Count == 1 && (policy == "RequireDualStack" || families.Count == 2))
            spec["clusterIPs"].Warn($"dual-stack with one address: only {addresses[0].Family} will be served; add the other to clusterIPs");
    }

    private static List<string> Families(Field field)
    {
        var families = new List<string>();
        foreach (var item in field.Items())
        {
            var family = ServiceCheck.OneOf(item, ["IPv4", "IPv6"], "");
            if (family.Length == 0) continue;
            if (families.Contains(family)) item.Refuse($"{family} is there already; remove one");
            else families.Add(family);
        }
        return families;
    }

    private List<IpAddress> Addresses(Field spec)
    {
        var list = spec["clusterIPs"];
        if (single.Length > 0 && all.Count > 0 && all[0] != single)
            list.Refuse($"the first entry, \"{all[0]}\", must be the same as clusterIP, \"{single}\"; correct one of them");
        if (all.Count > 2) list.Refuse($"{all.Count} addresses; one of each family is the most: remove the others");
        if (all.Count > 1 && all.Contains("None")) list.Refuse("None must be the only entry; remove the others");

        var addresses = new List<IpAddress>();
        if (all.Count == 0)
        {
            if (single.Length > 0 && single != "None") Add(spec["clusterIP"], single, addresses);
            return addresses;
        }
        var index = 0;
        foreach (var item in list.Items())
        {
            if (all[index++] is not "None" and var text) Add(item, text, addresses);
        }
        if (addresses.Count == 2 && addresses[0].Family == addresses[1].Family)
            list.Refuse($"both addresses are {addresses[0].Family}; one of each family is the most: remove one");
        return addresses;
    }

    private static void Add(Field field, string text, List<IpAddress> addresses)
    {
        if (!IpAddress.TryParse(text, out var address))
            field.Refuse($"\"{text}\" is not an IP address; give one, \"None\" for a headless Service, or leave it out");
        else if (address.IsUnspecified || address.IsLoopback)
            field.Refuse($"{address} can be in no cluster's Service range; choose another address");
        else
            addresses.Add(address);
    }
}
