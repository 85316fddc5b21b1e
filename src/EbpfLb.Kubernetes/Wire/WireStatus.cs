using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>meta/v1 Status: the body of every answer that is not a success, and the object of ERROR watch events.</summary>
internal sealed class WireStatus
{
    public WireListMetadata? Metadata { get; set; }

    public string? Reason { get; set; }

    [JsonConverter(typeof(UnpooledStringConverter))]
    public string? Message { get; set; }

    public int Code { get; set; }

    public WireStatusDetails? Details { get; set; }
}

/// <summary>Status.details.</summary>
internal sealed class WireStatusDetails
{
    public int? RetryAfterSeconds { get; set; }

    public WireStatusCause[]? Causes { get; set; }
}

/// <summary>Status.details.causes[].</summary>
internal sealed class WireStatusCause
{
    public string? Reason { get; set; }
}
