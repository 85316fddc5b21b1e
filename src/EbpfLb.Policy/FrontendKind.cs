namespace EbpfLb.Policy;

/// <summary>The kinds of address that a service port answers on (docs/contract.md 4); each has rules of its own.</summary>
public enum FrontendKind : byte
{
    ClusterIP,
    NodePort,
    ExternalIP,
    LoadBalancer,
}
