namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Values of `detectLocalMode`.</summary>
public static class DetectLocalModes
{
    public const string ClusterCidr = "ClusterCIDR";

    public const string NodeCidr = "NodeCIDR";

    public const string BridgeInterface = "BridgeInterface";

    public const string InterfaceNamePrefix = "InterfaceNamePrefix";

    internal static string[] All => [ClusterCidr, NodeCidr, BridgeInterface, InterfaceNamePrefix];
}
