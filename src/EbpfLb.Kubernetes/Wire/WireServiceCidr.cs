using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>networking.k8s.io/v1 ServiceCIDR.</summary>
internal sealed class WireServiceCidr : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public WireServiceCidrSpec? Spec { get; set; }
}

/// <summary>spec of a ServiceCIDR.</summary>
internal sealed class WireServiceCidrSpec
{
    /// <summary>At most one a family.</summary>
    public string[]? Cidrs { get; set; }
}
