using System.Collections.Immutable;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>Kind and name: what may be there only once.</summary>
internal readonly record struct ObjectIdentity(string Kind, ObjectName Name)
{
    public override string ToString() => $"{Kind} {Name}";
}

/// <summary>An object of a manifest that can be used: exactly one of Service, Slices, Node and ServiceCidr has content.</summary>
/// <param name="Position">Where it begins in its file.</param>
/// <param name="Slices">One of an EndpointSlice (none when a proxy has no use for it), several of an Endpoints object.</param>
/// <param name="HasSelector">Of a Service: a control plane makes its slices.</param>
internal sealed record ManifestObject(
    ObjectIdentity Identity,
    TextPosition Position,
    Service? Service = null,
    ImmutableArray<EndpointSlice> Slices = default,
    Node? Node = null,
    ServiceCidr? ServiceCidr = null,
    bool HasSelector = false);

/// <summary>What one file holds.</summary>
/// <param name="Refused">Objects that were refused and whose name could be read: their last good form stays in use.</param>
internal sealed record ManifestContent(
    ImmutableArray<ManifestObject> Objects,
    ImmutableArray<ObjectIdentity> Refused,
    ImmutableArray<ManifestProblem> Problems)
{
    public static ManifestContent Empty { get; } = new([], [], []);
}
