using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>
/// Who wants which frontend. Persistent: a table's claims are made from those of the table before it, so that a
/// change costs what it touches and not the size of the cluster.
/// </summary>
internal sealed record FrontendClaims(
    ImmutableDictionary<Frontend, ImmutableArray<ObjectName>> Claimants)
{
    public static FrontendClaims None { get; } = new(ImmutableDictionary<Frontend, ImmutableArray<ObjectName>>.Empty);

    /// <summary>The Service that has the frontend: the first by name among those that want it.</summary>
    public ObjectName? OwnerOf(Frontend frontend)
        => Claimants.TryGetValue(frontend, out var names) ? names[0] : null;
}
