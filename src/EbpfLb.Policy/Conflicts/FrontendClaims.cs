using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>
/// Who wants which frontend. Persistent: a table's claims are made from those of the table before it, so that a
/// change costs what it touches and not the size of the cluster.
/// </summary>
/// <param name="Claims">Never empty lists, the one with the best right first.</param>
internal sealed record FrontendClaims(ImmutableDictionary<Frontend, ImmutableArray<FrontendClaim>> Claims)
{
    public static FrontendClaims None { get; } = new(ImmutableDictionary<Frontend, ImmutableArray<FrontendClaim>>.Empty);

    /// <summary>The Service that has the frontend.</summary>
    public ObjectName? OwnerOf(Frontend frontend) => WinnerOf(frontend)?.Service;

    /// <summary>The claim with the best right to the frontend, null when nobody wants it.</summary>
    public FrontendClaim? WinnerOf(Frontend frontend) => Claims.TryGetValue(frontend, out var claims) ? claims[0] : null;
}

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
