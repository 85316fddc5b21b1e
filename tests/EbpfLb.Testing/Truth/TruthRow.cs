namespace EbpfLb.Testing.Truth;

/// <summary>One question and its answer, in the words of the truth table of docs/policy.md.</summary>
/// <param name="Destination">"ClusterIP", "NodePort", "external IP", "VIP", with "unknown port" or "unknown protocol" behind it;
/// "unallocated".</param>
/// <param name="Policy">"Cluster" or "Local": the one that governs the destination; the other is the opposite.</param>
/// <param name="Source">"pod", "node", "outside", "blocked" (outside, in none of the source ranges).</param>
/// <param name="Endpoints">Which there are: see <see cref="TruthCluster"/>.</param>
/// <param name="Outcomes">"here" and "there" (backends that can be chosen, with " SNAT" when the source is changed), or one of "drop",
/// "reject", "pass".</param>
public sealed record TruthRow(string Destination, string Policy, string Source, string Endpoints, string Outcomes)
{
    /// <summary>A backend is chosen.</summary>
    public bool IsServed => Outcomes is not ("drop" or "reject" or "pass");

    /// <summary>What can come out, ordered.</summary>
    public string[] All => [.. Outcomes.Split(", ").Order(StringComparer.Ordinal)];

    /// <summary>
    /// The same with direct server return: of what clients outside ask, backends of other nodes get it by a tunnel and see the client.
    /// </summary>
    public string[] AllDirect => Source is "pod" or "node" || Destination == "ClusterIP" ? All
        : [.. All.Select(o => o == "there SNAT" ? "there tunnel" : o)];

    public override string ToString() => $"{Destination} | {Policy} | {Source} | {Endpoints} -> {Outcomes}";
}
