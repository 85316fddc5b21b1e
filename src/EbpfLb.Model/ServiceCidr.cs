namespace EbpfLb.Model;

/// <summary>A ServiceCIDR (networking.k8s.io/v1): addresses that ClusterIPs are taken from.</summary>
/// <param name="Cidrs">At most one per family; what could not be read is not kept.</param>
public sealed record ServiceCidr(string Name, ValueList<SourceRange> Cidrs);
