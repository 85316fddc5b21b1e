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
