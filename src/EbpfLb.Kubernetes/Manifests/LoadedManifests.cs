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

/// <summary>Something in a manifest that a person should look at.</summary>
/// <param name="IsError">Whether something is not used because of it; a warning leaves the object in use.</param>
/// <param name="File">Path below the manifest directory, or the name of the one file.</param>
/// <param name="Line">From 1; 0: not known.</param>
/// <param name="Column">From 1.</param>
/// <param name="Object">"Service default/web"; "" when it is not about one object.</param>
/// <param name="Field">"spec.ports[0].port"; "" when it is not with one field.</param>
/// <param name="Reason">What is wrong and what to do.</param>
public sealed record ManifestProblem(bool IsError, string File, int Line, int Column, string Object, string Field, string Reason)
{
    public override string ToString()
        => string.Join(": ", new[] { Line == 0 ? File : $"{File}:{Line}:{Column}", Object, Field, Reason }.Where(part => part.Length > 0));
}
