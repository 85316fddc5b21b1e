namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Values of `mode`.</summary>
public static class ProxyModes
{
    public const string Iptables = "iptables";

    public const string Ipvs = "ipvs";

    public const string Nftables = "nftables";

    /// <summary>Windows.</summary>
    public const string Kernelspace = "kernelspace";

    /// <summary>Removed in Kubernetes 1.26.</summary>
    public const string Userspace = "userspace";

    internal static string[] All => [Iptables, Ipvs, Nftables, Kernelspace, Userspace];
}
