using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>
/// A Service that wants a frontend. Claims are ordered by their right to it: a ClusterIP, which a control plane gives out once, goes
/// before a load balancer's address, which a controller gives out, and that before an external IP, which anyone who may write a
/// Service can name (CVE-2020-8554: nobody takes over the cluster's DNS that way); then by name.
/// </summary>
internal readonly record struct FrontendClaim(FrontendKind Kind, ObjectName Service) : IComparable<FrontendClaim>
{
    public int CompareTo(FrontendClaim other)
        => Kind != other.Kind ? Rank(Kind).CompareTo(Rank(other.Kind)) : Service.CompareTo(other.Service);

    private static int Rank(FrontendKind kind) => kind switch
    {
        FrontendKind.ClusterIP => 0,
        FrontendKind.LoadBalancer => 1,
        FrontendKind.ExternalIP => 2,
        _ => 3,
    };
}
