using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>What manifest files hold, read once.</summary>
/// <param name="Nodes">All of them; the snapshot has the own one only.</param>
/// <param name="Problems">By file and line.</param>
/// <param name="Ignored">Objects of kinds that a proxy has no use for: "FILE: KIND of VERSION".</param>
public sealed record LoadedManifests(
    ClusterSnapshot Snapshot,
    ImmutableArray<Node> Nodes,
    ImmutableArray<ManifestProblem> Problems,
    ImmutableArray<string> Ignored);
