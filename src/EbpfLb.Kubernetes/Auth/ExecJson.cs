using System.Text.Json.Serialization;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>ExecCredential: what a plugin is told in KUBERNETES_EXEC_INFO, and what it prints.</summary>
internal sealed class ExecCredential
{
    public string? Kind { get; set; }

    public string? ApiVersion { get; set; }

    public ExecCredentialSpec? Spec { get; set; }

    public ExecCredentialStatus? Status { get; set; }
}

/// <summary>ExecCredential.spec.</summary>
internal sealed class ExecCredentialSpec
{
    public bool Interactive { get; set; }

    public ExecCredentialCluster? Cluster { get; set; }
}

/// <summary>ExecCredential.spec.cluster.</summary>
internal sealed class ExecCredentialCluster
{
    public string? Server { get; set; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; set; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool InsecureSkipTlsVerify { get; set; }

    /// <summary>PEM in base64.</summary>
    [JsonPropertyName("certificate-authority-data")]
    public byte[]? CertificateAuthorityData { get; set; }
}

/// <summary>ExecCredential.status.</summary>
internal sealed class ExecCredentialStatus
{
    public DateTimeOffset? ExpirationTimestamp { get; set; }

    public string? Token { get; set; }

    public string? ClientCertificateData { get; set; }

    public string? ClientKeyData { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExecCredential))]
internal sealed partial class ExecJson : JsonSerializerContext;
