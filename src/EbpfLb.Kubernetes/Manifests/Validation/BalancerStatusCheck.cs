using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// status.loadBalancer.ingress of a Service (ValidateLoadBalancerStatus). In a cluster a controller writes it; in a manifest it is the
/// place to say which addresses a load balancer sends here. An API server never refuses an object for its status, and proxies serve the
/// addresses whatever the type is: only where the status is meant to be used, a LoadBalancer's, a mistake refuses the object.
/// </summary>
internal static class BalancerStatusCheck
{
    public static void Check(Field ingress, string type)
    {
        if (type != "LoadBalancer") return;
        foreach (var entry in ingress.Items())
        {
            if (!entry.IsObject()) continue;
            var ip = entry["ip"];
            if (ip.Text() is { Length: > 0 } text)
            {
                if (!IpAddress.TryParse(text, out var address)) ip.Refuse($"\"{text}\" is not an IP address; correct it");
                // An API server takes it. It is not served.
                else if (AddressRules.ServiceAddress(address) is { } reason) ip.Warn($"{address} is not served: {reason}");
            }
            var mode = entry["ipMode"];
            ServiceCheck.OneOf(mode, ["VIP", "Proxy"], "");
            if (mode.IsSet && !ip.IsSet) mode.Refuse("may not be used without ip; set that or remove this");
            Host(entry["hostname"]);
        }
    }

    private static void Host(Field host)
    {
        if (host.Text() is not { Length: > 0 } name) return;
        if (NameRules.Dns1123Subdomain(name) is { } reason) host.Refuse($"\"{name}\": {reason}");
        else if (IpAddress.TryParse(name, out _)) host.Refuse($"\"{name}\" is an address; put it into ip");
    }
}
