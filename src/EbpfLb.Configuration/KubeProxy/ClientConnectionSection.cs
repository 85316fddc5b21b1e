namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`clientConnection`: how the API server is reached.</summary>
public sealed record ClientConnectionSection
{
    /// <summary>Empty: in-cluster.</summary>
    public string Kubeconfig { get; init; } = "";

    public string AcceptContentTypes { get; init; } = "";

    public string ContentType { get; init; } = "application/vnd.kubernetes.protobuf";

    /// <summary>Requests per second.</summary>
    public double Qps { get; init; } = 5;

    public int Burst { get; init; } = 10;
}
