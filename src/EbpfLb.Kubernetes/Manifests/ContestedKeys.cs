using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>What refused objects want: a change of it may decide anew who is used.</summary>
internal sealed class ContestedKeys
{
    private readonly HashSet<string> files = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectIdentity> identities = [];
    private readonly HashSet<IpAddress> addresses = [];
    private readonly HashSet<int> ports = [];

    /// <summary>A refused object is in the file.</summary>
    public bool HasFile(string file) => files.Contains(file);

    public void Add(string file, ManifestObject refused)
    {
        files.Add(file);
        identities.Add(refused.Identity);
        if (refused.Service is not { } service) return;
        addresses.UnionWith(service.ClusterIPs);
        ports.UnionWith(PortsOf(service));
    }

    /// <summary>The object is one that refused objects contest, or has something that they want.</summary>
    public bool Holds(ManifestObject item)
    {
        if (files.Count == 0) return false;
        if (identities.Contains(item.Identity)) return true;
        return item.Service is { } service && (service.ClusterIPs.Any(addresses.Contains) || PortsOf(service).Any(ports.Contains));
    }

    public void Clear()
    {
        files.Clear();
        identities.Clear();
        addresses.Clear();
        ports.Clear();
    }

    private static IEnumerable<int> PortsOf(Service service)
        => service.Ports.Select(p => (int)p.NodePort).Append(service.HealthCheckNodePort).Where(port => port != 0);
}
