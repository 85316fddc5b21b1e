using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Any object that carries ObjectMeta.</summary>
internal interface IWireObject
{
    WireMetadata? Metadata { get; }
}

/// <summary>Any object, for its name only.</summary>
internal sealed class WireNamedObject : IWireObject
{
    public WireMetadata? Metadata { get; set; }
}

/// <summary>ObjectMeta, with only what the proxy reads; everything else is skipped without making an object of it.</summary>
internal sealed class WireMetadata
{
    /// <summary>Names do not repeat: they stay out of the string pool.</summary>
    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Name { get; set; }

    public string? Namespace { get; set; }

    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? ResourceVersion { get; set; }

    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? DeletionTimestamp { get; set; }

    public WireLabels? Labels { get; set; }

    public WireAnnotations? Annotations { get; set; }
}

/// <summary>The labels that mean something to a proxy. A label is present when its value is not null, "" included.</summary>
internal sealed class WireLabels
{
    [JsonPropertyName("kubernetes.io/service-name")]
    public string? ServiceName { get; set; }

    [JsonPropertyName("service.kubernetes.io/service-proxy-name")]
    public string? ServiceProxyName { get; set; }

    [JsonPropertyName("service.kubernetes.io/headless")]
    public string? Headless { get; set; }

    [JsonPropertyName("topology.kubernetes.io/zone")]
    public string? Zone { get; set; }

    [JsonPropertyName("endpointslice.kubernetes.io/skip-mirror")]
    public string? SkipMirror { get; set; }

    /// <summary>On a Node, as the three that follow.</summary>
    [JsonPropertyName("ebpflb.io/tunnel")]
    public string? Tunnel { get; set; }

    [JsonPropertyName("kubernetes.io/os")]
    public string? OperatingSystem { get; set; }

    /// <summary>"virtual-kubelet": its pods run somewhere else.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; set; }

    /// <summary>"fargate": each is one pod. "auto": the platform's own kube-proxy runs there.</summary>
    [JsonPropertyName("eks.amazonaws.com/compute-type")]
    public string? ComputeType { get; set; }
}

/// <summary>The annotations that mean something to a proxy.</summary>
internal sealed class WireAnnotations
{
    [JsonPropertyName("endpoints.kubernetes.io/last-change-trigger-time")]
    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? LastChangeTriggerTime { get; set; }

    [JsonPropertyName("ebpflb.io/scheduler")]
    public string? Scheduler { get; set; }

    [JsonPropertyName("ebpflb.io/maglev-table-size")]
    public string? MaglevTableSize { get; set; }

    [JsonPropertyName("ebpflb.io/forwarding")]
    public string? Forwarding { get; set; }

    /// <summary>Of all endpoints of a slice.</summary>
    [JsonPropertyName("ebpflb.io/weight")]
    public string? Weight { get; set; }

    /// <summary>Of single endpoints of a slice: "10.0.0.1=3,10.0.0.2=0".</summary>
    [JsonPropertyName("ebpflb.io/weights")]
    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Weights { get; set; }

    /// <summary>On an Endpoints object that is a lock of leader election.</summary>
    [JsonPropertyName("control-plane.alpha.kubernetes.io/leader")]
    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Leader { get; set; }

    /// <summary>"true" on the bookmark after the collection that a watch began with (KEP-3157).</summary>
    [JsonPropertyName("k8s.io/initial-events-end")]
    public string? InitialEventsEnd { get; set; }
}

/// <summary>ListMeta.</summary>
internal sealed class WireListMetadata
{
    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? ResourceVersion { get; set; }

    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Continue { get; set; }
}
