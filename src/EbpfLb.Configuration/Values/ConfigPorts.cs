namespace EbpfLb.Configuration.Values;

/// <summary>Where kube-proxy listens unless told otherwise.</summary>
public static class ConfigPorts
{
    public const int Healthz = 10256;

    public const int Metrics = 10249;
}
