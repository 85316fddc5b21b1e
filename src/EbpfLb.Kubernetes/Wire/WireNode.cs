using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>v1 Node.</summary>
internal sealed class WireNode : IWireObject
{
    public WireMetadata? Metadata { get; set; }

    public WireNodeSpec? Spec { get; set; }

    public WireNodeStatus? Status { get; set; }
}

/// <summary>spec of a Node.</summary>
internal sealed class WireNodeSpec
{
    public string? PodCIDR { get; set; }

    public string[]? PodCIDRs { get; set; }

    public WireTaint[]? Taints { get; set; }
}

/// <summary>spec.taints[].</summary>
internal struct WireTaint
{
    public string? Key { get; set; }
}

/// <summary>status of a Node.</summary>
internal sealed class WireNodeStatus
{
    public WireNodeAddress[]? Addresses { get; set; }
}

/// <summary>status.addresses[]: the address may be a host name, so it stays text.</summary>
internal struct WireNodeAddress
{
    public string? Type { get; set; }

    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Address { get; set; }
}
